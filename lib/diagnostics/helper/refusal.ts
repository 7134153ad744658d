import type { Socket } from 'node:net'
import { ThreadmeterError } from '../../errors.js'

/** Answers whatever a client asks with the reason why nothing can be had; without an HTTP server. */
export function refuse(connection: Socket, reason: string): void {
  const code = 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE'
  const { message } = new ThreadmeterError(code, [reason])
  const body = `${JSON.stringify({ error: { code, message } })}\n`
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  // The request is taken, so that closing does not reset the connection before the answer is read.
  connection.resume().end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
