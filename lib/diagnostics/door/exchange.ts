import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { withAddress } from './socket-address.js'

/** A request to a socket. */
export interface Asked {
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  /** Aborting hangs up. */
  readonly signal?: AbortSignal
}

// The server is there, and has no room for the connection just now: unix(7), connect(2).
const AGAIN = new Set(['EAGAIN', 'ECONNRESET', 'EPIPE'])
const FIRST_DELAY_MS = 20
const ATTEMPTS = 6

const isForNow = (error: unknown): boolean => AGAIN.has((error as { code?: string }).code ?? '')

function askOnce(socketPath: string, asked: Asked): Promise<IncomingMessage> {
  const { path, method = 'GET', headers, signal } = asked
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...{ path, method, headers, signal, host: 'localhost' },
      // connect(2) happens within the call.
      createConnection: () => withAddress(socketPath, (address) => connect(address)),
    })
    request.once('response', resolve).once('error', reject).end()
  })
}

/**
 * Asks, and gives the answer as soon as its headers are there. Nothing that was asked has begun when a
 * connection is lost before: it is asked again a few times, within 1.3 s.
 */
export async function ask(socketPath: string, asked: Asked): Promise<IncomingMessage> {
  for (let attempt = 1, wait = FIRST_DELAY_MS; ; attempt++, wait *= 2) {
    try {
      return await askOnce(socketPath, asked)
    } catch (error) {
      if (attempt === ATTEMPTS || !isForNow(error)) throw error
    }
    await delay(wait, undefined, asked.signal ? { signal: asked.signal } : {})
  }
}

/** All of a body that is known to be short. */
export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
