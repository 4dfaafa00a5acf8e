// The client program of KafkaJS, with codecs from other packages for snappy, lz4 and zstd.
'use strict'

const { AssignerProtocol, CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = require('kafkajs')
const lz4 = require('lz4js')
const snappy = require('kafkajs-snappy')
const zstd = require('@bokuweb/zstd-wasm')
const { failed, groupByPartition, main, recordCount, report, reportDelivery, steps, text } = require('./program.js')

const codecs = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD
}
CompressionCodecs[CompressionTypes.Snappy] = snappy
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => Buffer.from(lz4.compress(encoder.buffer)),
  decompress: async buffer => Buffer.from(lz4.decompress(buffer))
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => Buffer.from(zstd.compress(encoder.buffer)),
  decompress: async buffer => Buffer.from(zstd.decompress(buffer))
})

function connect(argument, clientId = 'kafkajs') {
  return new Kafka({ clientId, brokers: argument.bootstrap.split(','), logLevel: logLevel.WARN })
}

// Converts headers: KafkaJS keeps headers of the same name as one member with an array.
function toHeaders(pairs) {
  const headers = {}
  for (const [name, value] of pairs) {
    headers[name] = name in headers ? [].concat(headers[name], value) : value
  }
  return headers
}

function fromHeaders(headers) {
  return Object.entries(headers ?? {}).flatMap(([name, value]) => [].concat(value).map(one => [name, text(one)]))
}

function reportMessage(topic, partition, message) {
  report('record', {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: text(message.key),
    value: text(message.value),
    headers: fromHeaders(message.headers)
  })
}

async function records(argument) {
  await zstd.init()
  const kafka = connect(argument)
  const topics = []
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  for (const codec of argument.codecs) {
    const topic = argument.prefix + codec
    topics.push(topic)
    const messages = argument.records.map(record => ({
      partition: record.partition,
      key: record.key,
      value: record.value,
      timestamp: String(record.timestamp),
      headers: toHeaders(record.headers)
    }))
    const acknowledged = await producer.send({ topic, messages, acks: -1, compression: codecs[codec] })
    // The answer has the first offset of each partition, where the records of a send are one batch.
    const offsets = []
    for (const [partition, group] of groupByPartition(argument.records)) {
      const base = Number(acknowledged.find(one => one.partition === partition).baseOffset)
      group.forEach(({ index }, place) => { offsets[index] = base + place })
    }
    offsets.forEach(offset => report('produced', { codec, offset }))
  }
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: 'reader', sessionTimeout: 6000 })
  consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error))
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  let missing = recordCount(argument)
  await new Promise(resolve => consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      reportMessage(topic, partition, message)
      if (--missing === 0) resolve()
    }
  }))
  await consumer.disconnect()
}

async function produce(argument) {
  const producer = connect(argument).producer()
  await producer.connect()
  for await (const line of steps()) {
    const step = JSON.parse(line)
    if (step.step === 'stop') break
    for (const value of step.values) {
      const messages = [{ partition: 0, value }]
      await producer.send({ topic: argument.topic, messages, acks: -1 }).then(
        () => reportDelivery(value),
        error => reportDelivery(value, error)
      )
    }
  }
  await producer.disconnect()
  report('stopped')
}

async function consume(argument) {
  const consumer = connect(argument, argument.client_id).consumer({
    groupId: argument.group,
    sessionTimeout: 6000,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 500
  })
  const positions = new Map()
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    report('assigned', { partitions: (payload.memberAssignment[argument.topic] ?? []).slice().sort() })
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [argument.topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      reportMessage(topic, partition, message)
      positions.set(partition, String(Number(message.offset) + 1))
    }
  })
  for await (const line of steps()) {
    if (JSON.parse(line).step === 'stop') break
    const offsets = [...positions].map(([partition, offset]) => ({ topic: argument.topic, partition, offset }))
    await consumer.commitOffsets(offsets)
    report('committed')
  }
  await consumer.disconnect()
  report('stopped')
}

async function admin(argument) {
  const client = connect(argument).admin()
  await client.connect()
  const entries = configs => Object.entries(configs).map(([name, value]) => ({ name, value }))
  const calls = {
    async create_topic({ topic, partitions, configs }) {
      await client.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries: entries(configs) }] })
    },
    async describe_topic({ topic }) {
      const { topics } = await client.fetchTopicMetadata({ topics: [topic] })
      return { partitions: topics[0].partitions.map(one => one.partitionId).sort() }
    },
    async describe_configs({ topic, names }) {
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: names }]
      const answer = await client.describeConfigs({ resources, includeSynonyms: false })
      const found = answer.resources[0].configEntries
      return { configs: Object.fromEntries(found.map(one => [one.configName, one.configValue])) }
    },
    async alter_configs({ topic, configs }) {
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: entries(configs) }]
      await client.alterConfigs({ resources })
    },
    async create_partitions({ topic, count }) {
      await client.createPartitions({ topicPartitions: [{ topic, count }] })
    },
    async delete_records({ topic, partition, before_offset }) {
      await client.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before_offset) }] })
    },
    async list_groups() {
      return { groups: (await client.listGroups()).groups.map(group => group.groupId) }
    },
    async describe_group({ group }) {
      const { groups } = await client.describeGroups([group])
      const members = groups[0].members.map(member => ({
        client_id: member.clientId,
        partitions: Object.values(AssignerProtocol.MemberAssignment.decode(member.memberAssignment).assignment)
          .flat()
          .sort()
      }))
      return { state: groups[0].state, members }
    },
    async group_offsets({ group, topic }) {
      const [found] = await client.fetchOffsets({ groupId: group, topics: [topic] })
      const committed = found.partitions.filter(one => Number(one.offset) > 0)
      return { offsets: Object.fromEntries(committed.map(one => [one.partition, Number(one.offset)])) }
    },
    async delete_group({ group }) {
      await client.deleteGroups([group])
    },
    async delete_topic({ topic }) {
      await client.deleteTopics({ topics: [topic] })
    }
  }
  for await (const line of steps()) {
    const step = JSON.parse(line)
    report(step.step, await calls[step.step](step))
  }
  await client.disconnect()
}

main({ records, produce, consume, admin })
