/** The thread of an observer. Nothing here may need another thread: that may be blocked. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { native } from '../native.js'
import { Collection } from './collection.js'
import { beginCompanion } from './companion.js'
import { type Reply, type Request, sendError, type ThreadData } from './messages.js'
import { TEXT } from './negotiation.js'
import { type ObserverServer, serve } from './server.js'
import { Tallies } from './tallies.js'

const port = parentPort as MessagePort
const { directory, server: serverOptions, tallies, companion } = workerData as ThreadData

const reply = (message: Reply, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer)

native?.takeObserverRole()
// As much of the worker's name as the kernel keeps, also where Node does not tell it.
native?.setThreadName('threadmeter-obs')
// First, so that it is there before the application can block.
if (companion !== undefined) beginCompanion(companion).catch(() => reply({ kind: 'alone' }))
const collection = new Collection(directory, new Tallies(tallies))
let server: ObserverServer | undefined

function close(last?: Reply): void {
  server?.close()
  collection.close()
  // What was held is free by then.
  if (last !== undefined) reply(last)
  port.close()
}

function answer(request: Exclude<Request, { kind: 'close' }>): void {
  const { kind, id } = request
  if (kind === 'threads') {
    reply({ kind, id, threads: collection.threadList() })
    return
  }
  if (kind === 'text') {
    // Decoded here, it takes half the time of the thread that asked.
    reply({ kind, id, text: collection.metrics(TEXT).toString() })
    return
  }
  // The copy goes over to the caller; what it is of is shown to others.
  const body = new Uint8Array(collection.metrics(request.wanted))
  reply({ kind, id, body }, [body.buffer])
}

port.on('message', (request: Request) => {
  if (request.kind === 'close') {
    close()
    return
  }
  try {
    answer(request)
  } catch (error) {
    reply({ kind: 'failed', id: request.id, error: sendError(error) })
  }
})

collection.begin()

try {
  server = serverOptions && (await serve(collection, serverOptions))
  reply({ kind: 'ready', port: server?.port ?? 0, url: server?.url ?? null })
} catch (error) {
  close({ kind: 'refused', error: sendError(error) })
}
