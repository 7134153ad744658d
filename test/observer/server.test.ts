import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { type ObserverServer, serve } from '../../dist/observer/server.js'

const TEXT = '# HELP a A.\n# TYPE a gauge\na{l="ü"} 1\n'

const shown = {
  metrics: ({ format, gzip }: { format: string; gzip: boolean }): Buffer => {
    const body = Buffer.from(format === 'text' ? TEXT : `${TEXT}# EOF\n`)
    return gzip ? gzipSync(body) : body
  },
  threads: () => '{"threads":[]}',
}

const LIMITS = {
  ...{ headers: 300, request: 400, answer: 300, check: 50 },
  ...{ connections: 8, headerBytes: 8192 },
}

const WHERE = { host: '127.0.0.1', port: 0, openMetrics: true }

let server: ObserverServer | undefined

async function start(what: typeof shown = shown, limits = LIMITS): Promise<string> {
  server = await serve(what, WHERE, limits)
  return server.url
}

afterEach(() => server?.close())

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** Without what fetch() adds and takes away. */
const ask = (url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        resolve({ status: response.statusCode as number, headers: response.headers, body })
      })
      response.on('error', reject)
    })
    sent.on('error', reject).end()
  })

async function opened(): Promise<Socket> {
  const socket = connect((server as ObserverServer).port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** What came over a connection until the server closed it. */
const untilClosed = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.once('close', () => resolve(text))
  })

describe('what is served', () => {
  it('says what it is, and what it depends on', async () => {
    const url = await start()
    const { status, headers, body } = await ask(`${url}/metrics`)
    expect([status, body.toString()]).toEqual([200, TEXT])
    expect(headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': String(Buffer.byteLength(TEXT)),
      vary: 'accept, accept-encoding',
    })
    expect(headers['content-encoding']).toBeUndefined()
  })

  it('is OpenMetrics, compressed, for who asks for that', async () => {
    const url = await start()
    const { headers, body } = await ask(`${url}/metrics?x=1`, 'GET', {
      accept: 'application/openmetrics-text',
      'accept-encoding': 'gzip',
    })
    expect(gunzipSync(body).toString()).toBe(`${TEXT}# EOF\n`)
    expect(headers).toMatchObject({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
    })
  })

  it('has the same headers and no body for HEAD', async () => {
    const url = await start()
    for (const path of ['/metrics', '/threads', '/healthz', '/']) {
      const [get, head] = [await ask(url + path), await ask(url + path, 'HEAD')]
      expect([head.status, head.body.length]).toEqual([200, 0])
      expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
    }
  })

  it('answers other paths and methods with what is wrong about them', async () => {
    const url = await start()
    expect((await ask(`${url}/metrics/x`)).status).toBe(404)
    const refused = await ask(`${url}/metrics`, 'DELETE')
    expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, HEAD'])
    expect(JSON.parse(`${(await ask(`${url}/threads`)).body}`)).toEqual({ threads: [] })
    expect((await ask(`${url}/healthz`)).body.toString()).toBe('ok\n')
  })

  it('answers 500 when a page fails, and goes on', async () => {
    const failing = { ...shown, threads: () => JSON.stringify(1n) }
    const url = await start(failing)
    expect((await ask(`${url}/threads`)).status).toBe(500)
    expect((await ask(`${url}/metrics`)).status).toBe(200)
  })
})

describe('a hostile client', () => {
  it('that does not finish its headers is let go', async () => {
    await start()
    const socket = await opened()
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n')
    expect(await untilClosed(socket)).toMatch(/^(HTTP\/1.1 408 |$)/)
  })

  it('that does not take its answer is let go', async () => {
    const large = Buffer.alloc(32 * 1024 * 1024, 'x')
    await start({ ...shown, metrics: () => large })
    const socket = await opened()
    socket.pause()
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    const started = performance.now()
    await new Promise((resolve) => setTimeout(resolve, LIMITS.answer * 2))
    socket.resume()
    const text = await untilClosed(socket)
    expect(text.length).toBeGreaterThan(0)
    expect(text.length).toBeLessThan(large.length)
    expect(performance.now() - started).toBeLessThan(LIMITS.answer * 10)
  })

  it('that holds many connections keeps nobody out', async () => {
    const url = await start(shown, { ...LIMITS, headers: 60_000, request: 60_000 })
    const held = await Promise.all(Array.from({ length: LIMITS.connections * 3 }, opened))
    const closed = held.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const socket of held) socket.write('GET /metrics HTTP/1.1\r\n')
    expect((await ask(`${url}/metrics`)).status).toBe(200)
    // Those who came first, and one more for the scrape.
    await Promise.all(closed.slice(0, LIMITS.connections * 2 + 1))
    expect(held.filter((socket) => !socket.closed)).toHaveLength(LIMITS.connections - 1)
  })

  it.each([
    ['speaks no HTTP', '\x16\x03\x01\x02\x00\x01\x00'],
    ['sends headers without end', `GET / HTTP/1.1\r\nA: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['says two lengths', 'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ])('that %s is refused, and others are served', async (_, bytes) => {
    const url = await start()
    const socket = await opened()
    socket.write(bytes)
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 4\d\d /)
    expect((await ask(`${url}/metrics`)).status).toBe(200)
  })

  it('that sends a large body is not listened to', async () => {
    await start()
    const socket = await opened()
    const answer = untilClosed(socket)
    socket.write('POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n')
    socket.write(Buffer.alloc(1024 * 1024))
    expect(await answer).toMatch(/^HTTP\/1.1 405 /)
  })
})

it('tells why it cannot listen', async () => {
  await start()
  const { port } = server as ObserverServer
  await expect(serve(shown, { ...WHERE, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await expect(serve(shown, { ...WHERE, host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'EADDRNOTAVAIL',
  })
})
