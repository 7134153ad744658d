import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { reviveError } from '../door/door-error.js'
import { textOf } from '../door/exchange.js'
import type { DoorError } from '../door/protocol.js'
import { withAddress } from '../door/socket-address.js'

/** A request about triggers. */
export interface TriggerQuestion {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly signal?: AbortSignal
  /** Whether waiting for the answer keeps the process alive. Default true. */
  readonly ref?: boolean
}

/** Asks on a socket; the JSON of the answer, or the error that it carries. */
export async function askForJson<Answer>(
  socketPath: string,
  question: TriggerQuestion,
): Promise<Answer> {
  const response = await send(socketPath, question)
  const answer = JSON.parse(await textOf(response)) as Answer & { error?: DoorError }
  if (response.statusCode === 200) return answer
  throw reviveError(answer.error as DoorError)
}

function send(
  socketPath: string,
  { method, path, signal, ref = true }: TriggerQuestion,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...{ method, path, host: 'localhost', ...(signal && { signal }) },
      // connect(2) happens within the call.
      createConnection: () => withAddress(socketPath, (address) => connect(address)),
    })
    if (!ref) request.once('socket', (socket) => socket.unref())
    request.once('response', resolve).once('error', reject).end()
  })
}
