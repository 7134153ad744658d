import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import type { Engine } from '../engine.js'
import { CAPTURE_KINDS } from '../model.js'
import { Captures } from './captures.js'
import { Connections, type DoorLimits, LIMITS } from './connections.js'
import { abortError, BadRequest } from './door-error.js'
import { listenPrivately } from './listen.js'
import type { DoorInfo } from './protocol.js'
import { refuseUnknown } from './query.js'
import {
  type Handlers,
  handlerFor,
  type JsonRoutes,
  jsonHandler,
  jsonHandlers,
  look,
  type Method,
  match,
} from './routes.js'
import { sendFailure } from './sending.js'
import { removeStaleSockets } from './stale-sockets.js'

/** A socket that is listened on. */
export interface Door {
  readonly path: string
  /**
   * The socket is gone when it returns. Resolves when all have been answered that are being answered now,
   * after a second at the latest.
   */
  close(): Promise<void>
}

export interface DoorOptions {
  /** Further routes: they may be added while the door is open. */
  readonly routes?: JsonRoutes
  readonly limits?: Partial<DoorLimits>
}

// Node looks at the time that requests take on an interval; that would wake an idle thread.
const NEVER_MS = 2 ** 31 - 1
const CLOSE_MS = 1000

function ownRoutes(engine: Engine, info: DoorInfo, captures: Captures): Map<string, Handlers> {
  const routes = new Map<string, Handlers>()
  routes.set('/v1', look(withoutQuery(() => info)))
  routes.set('/v1/threads', look(withoutQuery(async () => ({ threads: await engine.threads() }))))
  for (const kind of CAPTURE_KINDS) {
    const handler = captures.handler(kind)
    routes.set(`/v1/${kind}`, { GET: handler, POST: handler })
  }
  routes.set('/v1/requests/*', { DELETE: jsonHandler(captures.end) })
  return routes
}

const withoutQuery =
  (answer: () => unknown) =>
  ({ query }: { query: URLSearchParams }): unknown => {
    refuseUnknown(query, [])
    return answer()
  }

/** No request has one: it is neither kept nor waited for. */
function passOverBody(request: IncomingMessage, most: number): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > most) request.destroy()
  })
  if (Number(request.headers['content-length'] ?? 0) > most) {
    throw new BadRequest(413, 'no request has a body', { connection: 'close' })
  }
}

class Answering {
  readonly #own: Map<string, Handlers>
  readonly #added: JsonRoutes
  readonly #connections: Connections
  readonly #limits: DoorLimits

  constructor(
    own: Map<string, Handlers>,
    added: JsonRoutes,
    connections: Connections,
    limits: DoorLimits,
  ) {
    this.#own = own
    this.#added = added
    this.#connections = connections
    this.#limits = limits
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    // Whoever does not wait for answers could have any number of requests kept.
    const turn = this.#connections.begin(socket)
    if (turn === undefined) {
      socket.destroy()
      return
    }
    const hungUp = new AbortController()
    response.once('close', () => {
      this.#connections.end(socket)
      if (!response.writableFinished) hungUp.abort(abortError('the client has hung up'))
    })
    response.on('error', () => {})
    request.on('error', () => {})
    try {
      passOverBody(request, this.#limits.bodyBytes)
      await this.#handle(request, response, hungUp.signal)
    } catch (error) {
      sendFailure(response, error)
    } finally {
      this.#connections.answered(socket, turn)
    }
  }

  readonly #find = (path: string): Handlers | undefined => {
    const added = this.#added.get(path)
    return this.#own.get(path) ?? (added && jsonHandlers(added))
  }

  readonly #paths = (): readonly string[] => [...this.#own.keys(), ...this.#added.keys()]

  #handle(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const [path, query] = partsOf(request.url as string)
    const { handlers, rest } = match(path, this.#find, this.#paths)
    const handle = handlerFor(handlers, request.method as string)
    return handle({ method: request.method as Method, rest, query, signal, request, response })
  }
}

function partsOf(url: string): [path: string, query: URLSearchParams] {
  const [target = ''] = url.split('#', 1)
  const mark = target.indexOf('?')
  if (mark < 0) return [target, new URLSearchParams()]
  return [target.slice(0, mark), new URLSearchParams(target.slice(mark + 1))]
}

/** What answers, wherever the connections come from. */
export interface Answerer {
  /** Its event `connection` takes one. */
  readonly server: Server
  /** Lets connections go that wait for nothing, and the others when they have been answered. */
  letGo(): void
}

/** Serves what an engine captures to whoever connects. It has no timers while nobody does. */
export function createAnswerer(
  engine: Engine,
  info: DoorInfo,
  { routes = new Map(), limits: given = {} }: DoorOptions = {},
): Answerer {
  const limits = { ...LIMITS, ...given }
  const server = createServer({
    headersTimeout: 0,
    requestTimeout: 0,
    connectionsCheckingInterval: NEVER_MS,
    keepAliveTimeout: limits.request,
    maxHeaderSize: limits.headerBytes,
  })
  const connections = new Connections(server, limits)
  const own = ownRoutes(engine, info, new Captures(engine, connections, limits))
  const answering = new Answering(own, routes, connections, limits)
  server.on('request', (request, response) => void answering.answer(request, response))
  return { server, letGo: () => connections.close() }
}

/**
 * Serves what an engine captures to this user, on a Unix socket in a private directory; removes the
 * sockets that dead processes left there. Rejects where it cannot listen. It keeps neither its thread nor
 * the process alive.
 */
export async function openDoor(
  engine: Engine,
  path: string,
  info: DoorInfo,
  options?: DoorOptions,
): Promise<Door> {
  const answerer = createAnswerer(engine, info, options)
  const { server } = answerer
  await listenPrivately(server, path)
  server.unref()
  await removeStaleSockets(dirname(path))
  return { path, close: () => close(answerer, path) }
}

function close({ server, letGo }: Answerer, path: string): Promise<void> {
  rmSync(path, { force: true })
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref()
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    letGo()
  })
}
