// The code that the Node.js client programs share: arguments, steps on stdin, and JSON lines on stdout.
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

// Ends the process after all reports are written: a pipe may be full, and exit() does not wait for it.
function end(code) {
  process.stdout.write('', () => process.exit(code))
}

function failed(error) {
  console.error(error)
  report('error', { message: String(error && error.message) })
  end(1)
}

function reportDelivery(value, error) {
  if (error) report('refused', { value, message: String(error.message) })
  else report('acknowledged', { value })
}

// Returns the number of records that mode `records` must read back.
function recordCount(argument) {
  return argument.codecs.length * argument.records.length
}

// Groups the records by partition, so that each group is sent at once and shares a batch. A send per record would be a request per record.
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

module.exports = { failed, report, reportDelivery, text, steps, recordCount, groupByPartition, main }
