// @kafkajs/confluent-schema-registry: it registers schemas, encodes and decodes values, and looks schemas up.
'use strict'

const { SchemaRegistry, SchemaType } = require('@kafkajs/confluent-schema-registry')
const { main, report } = require('./program.js')

const order = (...fields) => JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields })
const ID = { name: 'id', type: 'long' }
const CUSTOMER = { name: 'customer', type: ['null', 'string'], default: null }
const AVRO = { type: SchemaType.AVRO, schema: order(ID) }
const AVRO_2 = { type: SchemaType.AVRO, schema: order(ID, CUSTOMER) }
const INCOMPATIBLE = { type: SchemaType.AVRO, schema: order({ name: 'id', type: 'string' }) }
const JSON_SCHEMA = {
  type: SchemaType.JSON,
  schema: JSON.stringify({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] }),
}

async function refusal(call) {
  try {
    await call()
  } catch (error) {
    return [error.name, error.status ?? null]
  }
  return null
}

async function everyCall({ registry: host }) {
  const value = (of, value) => report('value', { of, value })
  const registry = new SchemaRegistry({ host, retry: { retries: 0 } })
  const ids = []
  for (const schema of [AVRO, AVRO_2, AVRO]) ids.push((await registry.register(schema, { subject: 's' })).id)
  value('register', ids)
  value('incompatible', await refusal(() => registry.register(INCOMPATIBLE, { subject: 's' })))
  value('json', (await registry.register(JSON_SCHEMA, { subject: 'j' })).id)
  value('latest', await registry.getLatestSchemaId('s'))
  value('of_version', await registry.getRegistryId('s', 1))
  value('of_schema', await registry.getRegistryIdBySchema('s', AVRO_2))
  value('no_subject', await refusal(() => registry.getLatestSchemaId('none')))

  const avro = await registry.encode(ids[1], { id: 7, customer: 'Ada' })
  const json = await registry.encode(3, { id: 7 })
  value('framing', [[...avro.subarray(0, 5)], [...json.subarray(0, 5)]])
  // A new client has nothing in its cache.
  const other = new SchemaRegistry({ host, retry: { retries: 0 } })
  value('decoded', [await other.decode(avro), await other.decode(json)])
}

main({ every_call: everyCall })
