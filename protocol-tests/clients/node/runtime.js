// A runtime for Lambda's Runtime API, and a function that notes each invocation in the file NOTES and fails for a record `poison`.
// AWS's own runtime for Node.js is not used, because it is built from C++ with autotools when it is installed.
'use strict'

const fs = require('node:fs')
const http = require('node:http')

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('end', () => resolve({ response, text: Buffer.concat(parts).toString() }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

function handler(event, headers) {
  const records = Object.values(event.records ?? {}).flat()
  const values = records.map((record) => Buffer.from(record.value, 'base64').toString())
  const note = {
    values,
    process: process.pid,
    request_id: headers['lambda-runtime-aws-request-id'],
    function_arn: headers['lambda-runtime-invoked-function-arn'],
    remaining_ms: Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
  }
  fs.appendFileSync(process.env.NOTES, JSON.stringify(note) + '\n')
  console.log('handling', values.join(','))
  if (values.includes('crash')) process.exit(3)
  if (values.includes('poison')) throw new Error('poison')
  return note
}

async function run() {
  for (;;) {
    const { response, text } = await call('GET', 'invocation/next')
    const id = response.headers['lambda-runtime-aws-request-id']
    try {
      const result = handler(JSON.parse(text), response.headers)
      await call('POST', `invocation/${id}/response`, JSON.stringify(result))
    } catch (error) {
      const body = { errorType: error.name, errorMessage: error.message, stackTrace: error.stack.split('\n') }
      await call('POST', `invocation/${id}/error`, JSON.stringify(body))
    }
  }
}

run().catch((error) => {
  console.error(error)
  process.exit(1)
})
