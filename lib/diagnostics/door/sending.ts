import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { headersOf, sendError, statusOf } from './door-error.js'

const CHUNK_CHARACTERS = 64 * 1024
const FILE_CHUNK_BYTES = 256 * 1024

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

export function begin(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>>,
): void {
  response.writeHead(status, { ...COMMON_HEADERS, ...headers })
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`)
  const all = { 'content-type': 'application/json', 'content-length': body.length, ...headers }
  begin(response, status, all)
  // Node sends no body in answer to HEAD.
  response.end(body)
}

/** Where an answer has begun, the only way to tell is to break it off. */
export function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else sendJson(response, statusOf(error), { error: sendError(error) }, headersOf(error))
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code < 0xdc00

/** A text in pieces, none of which ends within a character. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + CHUNK_CHARACTERS, text.length)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--
    yield text.slice(start, end)
    start = end
  }
}

/** The first `bytes` of a file; throws when it has become shorter. */
export async function* bytesOf(path: string, bytes: number): AsyncGenerator<Buffer> {
  if (bytes === 0) return
  let left = bytes
  const stream = createReadStream(path, { end: bytes - 1, highWaterMark: FILE_CHUNK_BYTES })
  for await (const chunk of stream) {
    left -= (chunk as Buffer).length
    yield chunk as Buffer
  }
  if (left > 0) throw new Error(`${path} lacks ${left} of its bytes`)
}

/** A client that takes nothing for so long holds memory, a place and maybe a file: it is dropped. */
function drained(response: ServerResponse, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => response.destroy(), withinMs).unref()
    const settle = (): void => {
      clearTimeout(late)
      response.off('drain', settle).off('close', settle)
      resolve()
    }
    response.on('drain', settle).on('close', settle)
  })
}

/** Writes what comes, no faster than the client takes it. Ends early when the client has gone. */
export async function write(
  response: ServerResponse,
  chunks: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
  withinMs: number,
): Promise<void> {
  for await (const chunk of chunks) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response, withinMs)
  }
}
