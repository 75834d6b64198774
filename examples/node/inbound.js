/**
 * Takes pocket books from a channel's queue, and sends what they ask for to the hub as canonical JSON.
 *
 *     node inbound.js amqp://user:password@host:port/vhost
 *
 * A message is acknowledged when the broker has confirmed its translation.  Whoever kills this process between
 * the two makes it send the same once more; the hub knows it by its bytes.
 */

import amqp from 'amqplib'
import { Fault, read } from './pocket.js'

const CHANNEL = 'web'
const ENDPOINT = 'web.portal'

const connection = await amqp.connect(process.argv[2], { clientProperties: { connection_name: 'pocket inbound' } })
const channel = await connection.createConfirmChannel()
connection.on('error', fail)
channel.on('error', fail)
channel.on('return', () => fail(new Error('orders.in has no queue: orderloom topology apply')))
await channel.prefetch(100)
await channel.consume(`channel.${CHANNEL}.in`, forward)
console.log('taking pocket books')

function forward(message) {
  if (message === null) return fail(new Error('the queue was deleted'))
  const options = { persistent: true, mandatory: true, contentType: 'application/json', type: 'translation.v1' }
  channel.publish('orders.in', CHANNEL, Buffer.from(JSON.stringify(translation(message))), options, (error) =>
    error ? fail(error) : channel.ack(message))
}

function translation(message) {
  const { headers, contentType } = message.properties
  const native = {
    body: message.content.toString('base64'),
    contentType: contentType ?? 'text/plain',
    redelivered: message.fields.redelivered,
    // By these a message that was parked and is replayed closes its row.
    headers: Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => ['x-parked-id', 'x-attempt'].includes(name))),
  }
  return { command: 'Translation', channel: CHANNEL, native, documents: [document(message.content)] }
}

function document(body) {
  const origin = { channel: CHANNEL, endpoint: ENDPOINT, documentType: 'PocketOrder' }
  try {
    const order = read(body)
    return { command: 'SubmitOrder', origin: { ...origin, document: order.number }, order: canonical(order) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { command: 'Rejected', origin, fault: error.fault }
  }
}

function canonical({ number, items }) {
  return {
    externalId: [{ owner: ENDPOINT, externalIdentifierType: 'PocketOrder', id: number }],
    productOrderItem: items.map(({ offering, quantity }, index) =>
      ({ id: String(index + 1), action: 'add', quantity, productOffering: { id: offering } })),
  }
}

function fail(error) {
  console.error(error.message)
  process.exit(1)
}
