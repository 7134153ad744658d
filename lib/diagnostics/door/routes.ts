import type { IncomingMessage, ServerResponse } from 'node:http'
import { BadRequest } from './door-error.js'
import { sendJson } from './sending.js'

export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE'

/** A request to one of the routes. */
export interface RouteRequest {
  readonly method: Method
  /** Of a route that ends with `/*`: what stands in its place, decoded; otherwise ''. */
  readonly rest: string
  readonly query: URLSearchParams
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal
}

/** What is answered, as JSON with status 200. What it throws goes to the client with its code. */
export type JsonHandler = (request: RouteRequest) => unknown

/** Routes by their paths, such as `/v1/triggers` and `/v1/triggers/*`; may grow while the door is open. */
export type JsonRoutes = Map<string, Partial<Record<Method, JsonHandler>>>

export interface Exchange extends RouteRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export type Handler = (exchange: Exchange) => Promise<void>
export type Handlers = Partial<Record<Method, Handler>>

export const jsonHandler =
  (handle: JsonHandler): Handler =>
  async (exchange) =>
    sendJson(exchange.response, 200, await handle(exchange))

/** A handler for a look at something, which HEAD may take as well. */
export const look = (handle: JsonHandler): Handlers => ({
  GET: jsonHandler(handle),
  HEAD: jsonHandler(handle),
})

export const jsonHandlers = (handlers: Partial<Record<Method, JsonHandler>>): Handlers =>
  Object.fromEntries(
    Object.entries(handlers).map(([method, handle]) => [method, jsonHandler(handle)]),
  )

interface Match {
  readonly handlers: Handlers
  readonly rest: string
}

/** An item of a collection: `/v1/triggers/7`. */
function matchItem(path: string, find: (path: string) => Handlers | undefined): Match | undefined {
  const slash = path.lastIndexOf('/')
  const handlers = find(`${path.slice(0, slash)}/*`)
  if (handlers === undefined || slash === path.length - 1) return undefined
  try {
    return { handlers, rest: decodeURIComponent(path.slice(slash + 1)) }
  } catch {
    return undefined
  }
}

/** The handlers of a path. Throws a 404 that names the paths that there are. */
export function match(
  path: string,
  find: (path: string) => Handlers | undefined,
  paths: () => readonly string[],
): Match {
  const exact = path.endsWith('*') ? undefined : find(path)
  const found = exact === undefined ? matchItem(path, find) : { handlers: exact, rest: '' }
  if (found !== undefined) return found
  throw new BadRequest(404, `there is no such path; there are ${paths().join(', ')}`)
}

/** The handler for a method. Throws a 405 that names those that there are. */
export function handlerFor(handlers: Handlers, method: string): Handler {
  const handler = Object.hasOwn(handlers, method) ? handlers[method as Method] : undefined
  if (handler !== undefined) return handler
  const allow = Object.keys(handlers).join(', ')
  throw new BadRequest(405, `this path allows ${allow}`, { allow })
}
