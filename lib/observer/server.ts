import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { wantedBy } from './negotiation.js'
import { type Page, pageAt, type Shown } from './pages.js'

export interface ServerOptions {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Whether OpenMetrics is given to those who ask for it. */
  readonly openMetrics: boolean
}

/** A server that listens. */
export interface ObserverServer {
  readonly port: number
  readonly url: string
  close(): void
}

/** What a client may take; times in ms. */
export interface ServerLimits {
  /** Until the headers of a request are there, and all of it. */
  readonly headers: number
  readonly request: number
  /** Until the answer has been taken. */
  readonly answer: number
  /** How often the first two are looked at. */
  readonly check: number
  readonly connections: number
  readonly headerBytes: number
}

// A scrape takes milliseconds. Whoever takes longer holds memory and a place, so that none may for long.
const LIMITS: ServerLimits = {
  headers: 5000,
  request: 10_000,
  answer: 30_000,
  check: 1000,
  connections: 64,
  headerBytes: 8 * 1024,
}

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
const PLAIN = { 'content-type': 'text/plain; charset=utf-8' }

function send(response: ServerResponse, status: number, { headers, body }: Page): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  response.writeHead(status, { ...COMMON_HEADERS, ...headers, 'content-length': length })
  // Node sends no body in answer to HEAD.
  response.end(body)
}

const pathOf = (url: string): string => url.split(/[?#]/, 1)[0] as string

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  shown: Shown,
  openMetrics: boolean,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // Nobody reads the body of such a request.
    const headers = { ...PLAIN, allow: 'GET, HEAD', connection: 'close' }
    send(response, 405, { headers, body: 'method not allowed\n' })
    return
  }
  const { accept, 'accept-encoding': encoding } = request.headers
  const page = pageAt(pathOf(request.url ?? ''), shown, () =>
    wantedBy(accept, typeof encoding === 'string' ? encoding : undefined, openMetrics),
  )
  if (page === undefined) send(response, 404, { headers: PLAIN, body: 'not found\n' })
  else send(response, 200, page)
}

function answerSafely(
  request: IncomingMessage,
  response: ServerResponse,
  shown: Shown,
  openMetrics: boolean,
): void {
  try {
    answer(request, response, shown, openMetrics)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else send(response, 500, { headers: PLAIN, body: `${error}\n` })
  }
}

/** Gives up on a client that does not take its answer. */
function boundAnswer(response: ServerResponse, ms: number): void {
  const late = setTimeout(() => response.destroy(), ms)
  response.once('close', () => clearTimeout(late))
}

/**
 * Lets nobody hold the server by holding connections: where there are too many, the oldest goes. What is
 * sent to an honest client is sent long before it is the oldest.
 */
function boundConnections(server: Server, most: number): void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (sockets.size > most) sockets.values().next().value?.destroy()
  })
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`

/** Serves what is shown, until it is closed. Rejects with the error of listen(2). */
export function serve(
  shown: Shown,
  { host, port, openMetrics }: ServerOptions,
  limits: ServerLimits = LIMITS,
): Promise<ObserverServer> {
  const server = createServer(
    {
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      connectionsCheckingInterval: limits.check,
      maxHeaderSize: limits.headerBytes,
    },
    (request, response) => {
      boundAnswer(response, limits.answer)
      answerSafely(request, response, shown, openMetrics)
    },
  )
  boundConnections(server, limits.connections)
  return listen(server, host, port)
}

function listen(server: Server, host: string, port: number): Promise<ObserverServer> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // A child of a cluster would otherwise listen through its primary, which may be blocked.
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      // Out of descriptors, say: the connection is lost, the server goes on.
      server.on('error', () => {})
      const address = server.address() as AddressInfo
      const close = (): void => {
        server.close()
        server.closeAllConnections()
      }
      resolve({ port: address.port, url: urlOf(address), close })
    })
  })
}
