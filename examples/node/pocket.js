/**
 * The format of the pocket book, in which field agents write orders: one order a message.
 *
 *     ORDER|P-1001
 *     ITEM|HANDSET-A|1
 *     ITEM|INTERNET-500|1
 */

const MOST_ITEMS = 100

/** What cannot be read: code, where, what, and what is allowed. */
export class Fault extends Error {
  constructor(code, where, what, allowed) {
    super(what)
    this.fault = { code, what, where, allowed }
  }
}

/** The number and items of one message; throws a Fault that names the line. */
export function read(body) {
  const lines = text(body).split('\n').filter((line) => line !== '')
  const order = { number: '', items: [] }
  lines.forEach((line, index) => readLine(line, `line ${index + 1}`, order))
  if (order.number === '') throw new Fault('E_MISSING', 'line 1', 'no record ORDER', 'ORDER|number')
  if (order.items.length === 0) throw new Fault('E_MISSING', 'line 2', 'no record ITEM', 'ITEM|offering|quantity')
  return order
}

/** Not one letter is guessed. */
function text(body) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new Fault('E_ENCODING', 'message', 'bytes that are no UTF-8', 'UTF-8')
  }
}

/** All of a line is read, or none of it: what stands behind the last field would be lost. */
function readLine(line, where, order) {
  const fields = line.split('|')
  const [record, first = '', second = ''] = fields
  if (record === 'ORDER' && fields.length === 2 && order.number === '' && /^[A-Za-z0-9._:-]{1,64}$/.test(first)) {
    order.number = first
  } else if (record === 'ITEM' && fields.length === 3 && order.number !== '' && /^[0-9]{1,6}$/.test(second)) {
    order.items.push({ offering: first, quantity: Number(second) })
    if (order.items.length > MOST_ITEMS) throw new Fault('E_RECORDS', where, 'too many items', `at most ${MOST_ITEMS}`)
  } else {
    throw new Fault('E_VALUE', where, 'no record of a pocket book here', 'ORDER|number, then ITEM|offering|quantity')
  }
}
