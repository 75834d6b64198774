/**
 * Takes canonical instructions for a system from its work queue, carries them out, and says so to the hub.
 *
 *     node outbound.js amqp://user:password@host:port/vhost done.txt
 *
 * The system applies each key once, however often it is told: what it did stands in the file, one key a line.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import amqp from 'amqplib'

const SYSTEM = 'oss.internet'
const [url, file] = process.argv.slice(2)
const done = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [])

const connection = await amqp.connect(url, { clientProperties: { connection_name: 'internet outbound' } })
const channel = await connection.createConfirmChannel()
connection.on('error', fail)
channel.on('error', fail)
channel.on('return', () => fail(new Error('replies.in has no queue: orderloom topology apply')))
await channel.prefetch(20)
await channel.consume(`system.${SYSTEM}.work`, carryOut)
console.log('carrying out')

function carryOut(message) {
  if (message === null) return fail(new Error('the queue was deleted'))
  const instruction = JSON.parse(message.content)
  if (!done.has(instruction.key)) {
    appendFileSync(file, `${instruction.key}\n`)
    done.add(instruction.key)
  }
  const options = { persistent: true, mandatory: true, contentType: 'application/json', type: 'reply.v1' }
  channel.publish('replies.in', SYSTEM, Buffer.from(JSON.stringify(reply(instruction))), options, (error) =>
    error ? fail(error) : channel.ack(message))
}

/** Its key is made of the instruction's: said twice, it is one reply. */
function reply({ key }) {
  return { reply: 'Reply', system: SYSTEM, key: `${key}-completed`, about: [{ type: 'key', value: key }], word: 'completed' }
}

function fail(error) {
  console.error(error.message)
  process.exit(1)
}
