// Reads an event with the types of @types/aws-lambda, and reports each record. The set-up compiles it, so that the types are checked.
import type { MSKRecord, SelfManagedKafkaEvent } from 'aws-lambda'

const { main, report } = require('./program.js') as {
  main(modes: Record<string, (event: SelfManagedKafkaEvent) => void>): Promise<void>
  report(event: string, members: object): void
}

// The types say that each record has a key and a value.
function text(base64: string | undefined): string | null {
  return base64 === undefined ? null : Buffer.from(base64, 'base64').toString()
}

function reported(record: MSKRecord): object {
  const headers = record.headers.flatMap((header) =>
    Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes).toString()])
  )
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key: text(record.key),
    value: text(record.value),
    headers
  }
}

main({
  parse(event) {
    const records: MSKRecord[] = Object.values(event.records).flat()
    for (const record of records) report('record', reported(record))
  }
})
