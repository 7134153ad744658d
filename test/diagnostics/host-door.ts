import { readdirSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'

const EVENTS = 'application/vnd.threadmeter.events'

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))

/** The sockets in a directory, finished ones alone. */
export function socketsIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d.*\.sock$/.test(name))
      .map((name) => join(directory, name))
  } catch {
    return []
  }
}

/** The socket of the one process that has one in a directory, once it is there. */
export async function socketIn(directory: string, pid?: number): Promise<string> {
  for (const deadline = performance.now() + 10_000; ; await pause(10)) {
    const found = socketsIn(directory).find(
      (path) => pid === undefined || path.includes(`/${pid}-`),
    )
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`no socket in ${directory}`)
  }
}

async function respond(socketPath: string, path: string, accept: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, headers: { accept }, agent: false }, resolve)
      .once('error', reject)
      .end()
  })
}

export interface Answer<Body> {
  readonly status: number
  readonly body: Body
}

/** Asks once, for the body alone. */
export async function ask<Body>(socketPath: string, path: string): Promise<Answer<Body>> {
  const response = await respond(socketPath, path, '*/*')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode as number, body: JSON.parse(text) as Body }
}

/** What came over a connection, cut off or not. */
export interface Told {
  readonly text: string
  readonly isWhole: boolean
}

/** Begins a capture; `started` once it runs, `told` once the answer or the connection has ended. */
export function begin(
  socketPath: string,
  path: string,
): { started: Promise<void>; told: Promise<Told> } {
  let start = (): void => {}
  let fail = (_: Error): void => {}
  const started = new Promise<void>((resolve, reject) => {
    start = resolve
    fail = reject
  })
  const read = async (): Promise<Told> => {
    let text = ''
    try {
      const response = await respond(socketPath, path, EVENTS)
      for await (const chunk of response.setEncoding('utf8')) {
        text += chunk
        if (text.includes('"event":"started"')) start()
      }
      return { text, isWhole: /\{"event":"end"[^\n]*\}\n$/.test(text) }
    } catch {
      return { text, isWhole: false }
    }
  }
  const told = read()
  told.then(({ text }) => fail(new Error(`it has not started: ${text}`)))
  return { started, told }
}

/** The body of the one result of an answer with events; undefined where there is none. */
export function resultIn<Body>({ text }: Told): Body | undefined {
  const line = /^\{"event":"result".*$/m.exec(text)?.[0]
  if (line === undefined) return undefined
  const { bytes } = JSON.parse(line) as { bytes: number }
  const body = Buffer.from(text.slice(text.indexOf(line) + line.length + 1)).subarray(0, bytes)
  return JSON.parse(body.toString()) as Body
}
