import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, request } from 'node:http'
import type { Socket } from 'node:net'
import { json } from 'node:stream/consumers'

/** One masked text frame, as clients send them. RFC 6455, section 5.2 */
function frameOf(text: string): Buffer {
  const body = Buffer.from(text)
  const mask = randomBytes(4)
  const head = Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 0xff])
  return Buffer.concat([head, mask, body.map((byte, i) => byte ^ (mask[i % 4] as number))])
}

/** A debugger at the port of a process: what a person's would do. */
export class DebuggerClient {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #heard: ((text: string) => void)[] = []
  #lastId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk) => this.#read(chunk))
  }

  /** @param printed what the process said of its port */
  static async connect(printed: string): Promise<DebuggerClient> {
    const { hostname, port } = new URL(/ws:\/\/\S+/.exec(printed)?.[0] as string)
    const [list] = await once(get({ host: hostname, port, path: '/json' }), 'response')
    const [{ webSocketDebuggerUrl }] = (await json(list)) as { webSocketDebuggerUrl: string }[]
    const upgrade = request({
      ...{ host: hostname, port, path: new URL(webSocketDebuggerUrl).pathname },
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    })
    upgrade.end()
    const [, socket] = await once(upgrade, 'upgrade')
    return new DebuggerClient(socket as Socket)
  }

  send(method: string, params: object = {}): number {
    const id = ++this.#lastId
    this.#socket.write(frameOf(JSON.stringify({ id, method, params })))
    return id
  }

  /** Resolves when a message comes that holds the text. */
  async hear(part: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard.push((text) => text.includes(part) && resolve())
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const short = (this.#received[1] ?? 0) & 0x7f
      const head = short === 126 ? 4 : short === 127 ? 10 : 2
      if (this.#received.length < head) return
      const length =
        short === 126
          ? this.#received.readUInt16BE(2)
          : short === 127
            ? Number(this.#received.readBigUInt64BE(2))
            : short
      if (this.#received.length < head + length) return
      const text = this.#received.subarray(head, head + length).toString()
      this.#received = this.#received.subarray(head + length)
      for (const listener of this.#heard) listener(text)
    }
  }
}
