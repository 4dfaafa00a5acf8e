// What the Node.js client programs share: their arguments, the steps on stdin, and the JSON lines they print.
'use strict'

const readline = require('node:readline')

function report(event, members = {}) {
  process.stdout.write(JSON.stringify({ event, ...members }) + '\n')
}

function text(data) {
  return data === null || data === undefined ? null : data.toString()
}

function steps() {
  return readline.createInterface({ input: process.stdin })
}

// Ends the process once all that was reported is written: a pipe may be full, and exit() does not wait for it.
function end(code) {
  process.stdout.write('', () => process.exit(code))
}

function failed(error) {
  console.error(error)
  report('error', { message: String(error && error.message) })
  end(1)
}

// How many records `records` reads back before it is done.
function recordCount(argument) {
  return argument.codecs.length * argument.records.length
}

// Sends all at once, so that they share batches; a promise per record would be one request per record.
function groupByPartition(records) {
  const groups = new Map()
  records.forEach((record, index) => {
    if (!groups.has(record.partition)) groups.set(record.partition, [])
    groups.get(record.partition).push({ record, index })
  })
  return groups
}

async function main(modes) {
  process.on('unhandledRejection', failed)
  process.on('uncaughtException', failed)
  const [mode, argument] = process.argv.slice(2)
  await modes[mode](JSON.parse(argument))
  end(0)
}

module.exports = { failed, report, text, steps, recordCount, groupByPartition, main }
