import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:http'
import { Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { Connections, LIMITS, type Turn } from '../../dist/diagnostics/door/connections.js'

/** Connections of which there may be so many; each call makes one more. */
function connections(most: number): { known: Connections; add: (socket?: Socket) => Socket } {
  const server = new EventEmitter()
  const known = new Connections(server as Server, { ...LIMITS, connections: most })
  const add = (socket = new Socket()): Socket => {
    onTestFinished(() => void socket.destroy())
    server.emit('connection', socket)
    return socket
  }
  return { known, add }
}

it('spares captures while they run, and no longer', () => {
  const { known, add } = connections(1)
  const capturing = add()
  const turn = known.begin(capturing) as Turn
  known.capture(capturing)
  expect(add().destroyed).toBe(true)
  expect(capturing.destroyed).toBe(false)
  known.answered(capturing, turn)
  expect(add().destroyed).toBe(false)
  expect(capturing.destroyed).toBe(true)
})

it('takes the end of one answer for that of no other', () => {
  const { known, add } = connections(1)
  const socket = add()
  const first = known.begin(socket) as Turn
  known.end(socket)
  known.begin(socket)
  known.capture(socket)
  known.answered(socket, first)
  add()
  expect(socket.destroyed).toBe(false)
})

it('does not count what was closed before it came', async () => {
  const { add } = connections(1)
  const closed = new Socket()
  closed.destroy()
  await once(closed, 'close')
  add(closed)
  const [older, newer] = [add(), add()]
  expect([older.destroyed, newer.destroyed]).toEqual([true, false])
})
