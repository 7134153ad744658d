import { get } from 'node:http'
import type { ListeningSocket } from './listening.js'

/** A debugging port of Node that answers. */
export interface InspectorPort {
  readonly socket: ListeningSocket
  /** Of a session with the main thread. */
  readonly url: string
  /** `v24.21.0` */
  readonly node: string
}

const ANSWER_MS = 1000
const LONGEST_ANSWER = 64 * 1024

/** Answered by a thread of the inspector's own, whatever the main thread does. */
function ask<Answer>({ address, port }: ListeningSocket, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = get(`http://${address}:${port}${path}`, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
        if (text.length > LONGEST_ANSWER) asked.destroy(new Error('it is no debugging port'))
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(JSON.parse(text) as Answer)
        } catch (error) {
          reject(error)
        }
      })
    })
    const late = setTimeout(() => asked.destroy(new Error('it does not answer')), ANSWER_MS)
    asked.on('close', () => clearTimeout(late))
    asked.on('error', reject)
  })
}

/** What listens there, if that is the inspector of Node. */
export async function inspectorAt(socket: ListeningSocket): Promise<InspectorPort | undefined> {
  try {
    const { Browser = '' } = await ask<{ Browser?: string }>(socket, '/json/version')
    const node = /^node\.js\/(v.+)$/.exec(Browser)?.[1]
    if (node === undefined) return undefined
    const [main] = await ask<{ id?: string }[]>(socket, '/json/list')
    if (main?.id === undefined) return undefined
    // The answer names the host as the question did; the address is known to be that of the process.
    return { socket, node, url: `ws://${socket.address}:${socket.port}/${main.id}` }
  } catch {
    return undefined
  }
}
