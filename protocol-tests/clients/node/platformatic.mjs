// The client program of @platformatic/kafka.
import zlib from 'node:zlib'
import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  IncrementalAlterConfigOperationTypes,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer
} from '@platformatic/kafka'
import program from './program.js'

const { groupByPartition, main, recordCount, report, reportDelivery, steps, text } = program

function options(argument, clientId = 'platformatic') {
  return { clientId, bootstrapBrokers: argument.bootstrap.split(','), retries: 5, retryDelay: 200 }
}

function data(value) {
  return value === null ? undefined : Buffer.from(value)
}

function reportMessage(message) {
  report('record', {
    topic: message.topic,
    partition: message.partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: text(message.key),
    value: text(message.value),
    headers: [...message.headers].map(([name, value]) => [text(name), text(value)])
  })
}

async function records(argument) {
  // This client uses the zstd of Node.js, which exists since version 22.15.
  argument.codecs = argument.codecs.filter(codec => codec !== 'zstd' || zlib.zstdCompressSync)
  report('codecs', { codecs: argument.codecs })
  const producer = new Producer({ ...options(argument), idempotent: true })
  const topics = []
  for (const codec of argument.codecs) {
    const topic = argument.prefix + codec
    topics.push(topic)
    const messages = argument.records.map(record => ({
      topic,
      partition: record.partition,
      key: data(record.key),
      value: data(record.value),
      timestamp: BigInt(record.timestamp),
      headers: new Map(record.headers.map(([name, value]) => [Buffer.from(name), data(value)]))
    }))
    const acknowledged = await producer.send({ messages, acks: -1, compression: codec })
    // The answer has the first offset of each partition, where the records of a send are one batch.
    const offsets = []
    for (const [partition, group] of groupByPartition(argument.records)) {
      const base = Number(acknowledged.offsets.find(one => one.partition === partition).offset)
      group.forEach(({ index }, place) => { offsets[index] = base + place })
    }
    offsets.forEach(offset => report('produced', { codec, offset }))
  }
  await producer.close()
  const consumer = new Consumer({ ...options(argument), groupId: 'reader', sessionTimeout: 6000, maxWaitTime: 500 })
  const stream = await consumer.consume({ topics, mode: MessagesStreamModes.EARLIEST, autocommit: false })
  let missing = recordCount(argument)
  for await (const message of stream) {
    reportMessage(message)
    if (--missing === 0) break
  }
  await consumer.close(true)
}

async function produce(argument) {
  const producer = new Producer(options(argument))
  for await (const line of steps()) {
    const step = JSON.parse(line)
    if (step.step === 'stop') break
    for (const value of step.values) {
      const messages = [{ topic: argument.topic, partition: 0, value: data(value) }]
      await producer.send({ messages, acks: -1 }).then(
        () => reportDelivery(value),
        error => reportDelivery(value, error)
      )
    }
  }
  await producer.close()
  report('stopped')
}

async function consume(argument) {
  const consumer = new Consumer({
    ...options(argument, argument.client_id),
    groupId: argument.group,
    sessionTimeout: 6000,
    rebalanceTimeout: 10000,
    heartbeatInterval: 500,
    maxWaitTime: 500
  })
  const positions = new Map()
  consumer.on('consumer:group:join', () => {
    const partitions = (consumer.assignments ?? []).flatMap(one => one.partitions).sort()
    report('assigned', { partitions })
  })
  const stream = await consumer.consume({
    topics: [argument.topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    autocommit: false
  })
  stream.on('data', message => {
    reportMessage(message)
    positions.set(message.partition, message.offset)
  })
  for await (const line of steps()) {
    if (JSON.parse(line).step === 'stop') break
    const offsets = [...positions].map(([partition, offset]) => (
      { topic: argument.topic, partition, offset: offset + 1n, leaderEpoch: 0 }
    ))
    await consumer.commit({ offsets })
    report('committed')
  }
  await consumer.close(true)
  report('stopped')
}

async function admin(argument) {
  const client = new Admin(options(argument))
  const calls = {
    async create_topic({ topic, partitions, configs }) {
      const entries = Object.entries(configs).map(([name, value]) => ({ name, value }))
      await client.createTopics({ topics: [topic], partitions, replicas: 1, configs: entries })
    },
    async describe_topic({ topic }) {
      const { topics } = await client.metadata({ topics: [topic], forceUpdate: true })
      return { partitions: Object.keys(topics.get(topic).partitions).map(Number).sort() }
    },
    async describe_configs({ topic, names }) {
      const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: names }]
      const [answer] = await client.describeConfigs({ resources })
      return { configs: Object.fromEntries(answer.configs.map(one => [one.name, one.value])) }
    },
    async alter_configs({ topic, configs }) {
      const entries = Object.entries(configs).map(([name, value]) => (
        { name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }
      ))
      const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs: entries }]
      await client.incrementalAlterConfigs({ resources })
    },
    async create_partitions({ topic, count }) {
      await client.createPartitions({ topics: [{ name: topic, count }] })
    },
    async delete_records({ topic, partition, before_offset }) {
      const partitions = [{ partition, offset: BigInt(before_offset) }]
      await client.deleteRecords({ topics: [{ name: topic, partitions }] })
    },
    async list_groups() {
      return { groups: [...(await client.listGroups()).keys()] }
    },
    async describe_group({ group }) {
      const found = (await client.describeGroups({ groups: [group] })).get(group)
      const members = [...found.members.values()].map(member => ({
        client_id: member.clientId,
        partitions: [...member.assignments.values()].flatMap(one => one.partitions).sort()
      }))
      // This client reports states in upper case.
      return { state: found.state[0] + found.state.slice(1).toLowerCase(), members }
    },
    async group_offsets({ group }) {
      const [found] = await client.listConsumerGroupOffsets({ groups: [group] })
      const committed = found.topics.flatMap(one => one.partitions).filter(one => one.committedOffset > 0n)
      return { offsets: Object.fromEntries(committed.map(one => [one.partitionIndex, Number(one.committedOffset)])) }
    },
    async delete_group({ group }) {
      await client.deleteGroups({ groups: [group] })
    },
    async delete_topic({ topic }) {
      await client.deleteTopics({ topics: [topic] })
    }
  }
  for await (const line of steps()) {
    const step = JSON.parse(line)
    report(step.step, await calls[step.step](step))
  }
  await client.close()
}

main({ records, produce, consume, admin })
