import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LIMITS } from '../../dist/diagnostics/door/connections.js'
import type { CaptureOutcome } from '../../dist/diagnostics/engine.js'
import {
  ask,
  askJson,
  DETAILS,
  directoryOfTest,
  doorOfTest,
  echo,
  eventually,
  INFO,
  json,
  MAIN,
  opened,
  untilClosed,
  untilEnded,
} from './door-running.js'

const QUICK = { limits: { request: 300, answer: 300 } }
const GET = 'GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n'
const CAPTURE = 'GET /v1/cpu-profile HTTP/1.1\r\nHost: x\r\n\r\n'

/** A generator of the same numbers each time: mulberry32. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

describe('who sends no request', () => {
  it.each([
    ['says nothing', ''],
    ['does not finish its headers', 'GET /v1 HTTP/1.1\r\nHost: x\r\n'],
    ['stays after its answer', GET],
  ])('and %s is let go', async (_, bytes) => {
    const { path } = await doorOfTest(echo, QUICK)
    const socket = await opened(path)
    const started = performance.now()
    socket.write(bytes)
    await untilClosed(socket)
    expect(performance.now() - started).toBeGreaterThan(QUICK.limits.request * 0.9)
  })

  it('but a header now and then is let go in the same time', async () => {
    const { path } = await doorOfTest(echo, QUICK)
    const socket = await opened(path)
    socket.write('GET /v1 HTTP/1.1\r\n')
    let sent = 0
    const drip = setInterval(() => socket.write(`X-${sent++}: y\r\n`), 20)
    onTestFinished(() => clearInterval(drip))
    expect(await untilClosed(socket)).toBe('')
    expect(sent).toBeLessThan((QUICK.limits.request / 20) * 2)
  })

  it.each([
    ['speaks no HTTP', '\x16\x03\x01\x02\x00\x01\x00', '400'],
    ['sends headers without end', `GET / HTTP/1.1\r\nA: ${'x'.repeat(100_000)}\r\n\r\n`, '431'],
    ['sends a path without end', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`, '431'],
    ['sends many headers', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}\r\n`, '431'],
    [
      'says two lengths',
      `${GET.slice(0, -2)}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      '400',
    ],
    [
      'says a length and chunks',
      `${GET.slice(0, -2)}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      '400',
    ],
    [
      'sends a large body',
      `POST${GET.slice(3, -2)}Content-Length: 100000000\r\n\r\n${'x'.repeat(1e6)}`,
      '413',
    ],
  ])('and %s is refused, and others are served', async (_, bytes, status) => {
    const { path } = await doorOfTest(echo)
    const socket = await opened(path)
    socket.write(bytes)
    const text = await untilClosed(socket)
    // With bytes of the client's left unread, the kernel may drop the answer: unix(7), ECONNRESET.
    expect(text === '' || text.startsWith(`HTTP/1.1 ${status} `), text.slice(0, 80)).toBe(true)
    expect(await askJson(path, '/v1')).toEqual(INFO)
  })

  it('and sends a body in chunks without end is let go', async () => {
    const { path } = await doorOfTest(untilEnded)
    const socket = await opened(path)
    const closed = untilClosed(socket)
    socket.write(`POST${CAPTURE.slice(3, -2)}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    for (let sent = 0; sent < 64 && !socket.closed; sent++) {
      socket.write(chunk)
      await new Promise(setImmediate)
    }
    expect(await closed).toBe('')
  })
})

describe('who asks and does not wait', () => {
  it('for answers in turn is let go, with its first capture', async () => {
    const { path, engine } = await doorOfTest(untilEnded)
    const socket = await opened(path)
    socket.write(CAPTURE.repeat(10_000))
    expect(await untilClosed(socket)).toBe('')
    expect(engine.requests.length).toBeLessThanOrEqual(1)
  })

  it('and shuts its half of the connection has hung up', async () => {
    let signal: AbortSignal | undefined
    const { path } = await doorOfTest((asked, context) => {
      signal = context.signal
      return untilEnded(asked, context)
    })
    const socket = await opened(path)
    socket.end(CAPTURE)
    await eventually(() => signal?.aborted === true)
  })
})

/** A connection whose answer nobody takes. */
async function unread(path: string, request: string): Promise<Socket> {
  const socket = await opened(path)
  socket.pause()
  socket.write(request)
  return socket
}

describe('who does not read', () => {
  it('is dropped, and its file removed', async () => {
    const file = join(directoryOfTest(), 'a')
    writeFileSync(file, Buffer.alloc(8_000_000))
    const { path } = await doorOfTest(async function* () {
      const dispose = (): void => rmSync(file)
      const content = { type: 'file', path: file, bytes: 8_000_000, details: DETAILS, dispose }
      yield { thread: MAIN, content } as CaptureOutcome
    }, QUICK)
    const socket = await unread(path, CAPTURE.replace('cpu-profile', 'heap-snapshot'))
    const started = performance.now()
    await eventually(() => !existsSync(file))
    expect(performance.now() - started).toBeGreaterThan(QUICK.limits.answer * 0.9)
    socket.resume()
    expect((await untilClosed(socket)).length).toBeLessThan(8_000_000)
  })

  it('takes no more memory than a few chunks, whatever is captured for it', async () => {
    const text = 'x'.repeat(40_000_000)
    const content = json(text)
    const { path, engine } = await doorOfTest(async function* () {
      yield { thread: MAIN, content }
    })
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external
    for (let n = 0; n < 20; n++) await unread(path, CAPTURE)
    await eventually(() => engine.requests.length === 20)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const after = process.memoryUsage().arrayBuffers + process.memoryUsage().external
    expect(after - before).toBeLessThan(text.length)
  })

  it('the last of an answer is dropped, too', async () => {
    const routes = new Map([['/v1/big', { GET: () => 'x'.repeat(4_000_000) }]])
    const { path } = await doorOfTest(echo, { ...QUICK, routes })
    const socket = await unread(path, GET.replace('/v1', '/v1/big'))
    await new Promise((resolve) => setTimeout(resolve, QUICK.limits.answer * 2))
    socket.resume()
    expect((await untilClosed(socket)).length).toBeLessThan(4_000_000)
  })

  it('is told less of the progress', async () => {
    let written = 0
    const { path } = await doorOfTest(async function* (_, { onProgress, signal }) {
      for (; written < 100_000; written++) {
        onProgress({ event: 'progress', thread: MAIN, elapsedSeconds: written, bytes: null })
      }
      yield* untilEnded(_, { signal, onProgress })
    })
    const events = 'Accept: application/vnd.threadmeter.events\r\n\r\n'
    const socket = await unread(path, CAPTURE.slice(0, -2) + events)
    await eventually(() => written === 100_000)
    await new Promise((resolve) => setTimeout(resolve, 100))
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.resume()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(1_000_000)
  })
})

describe('thousands of connections', () => {
  it('end no capture, and keep nobody out', async () => {
    const { path, engine } = await doorOfTest(untilEnded)
    const running = ask(path, '/v1/cpu-profile?id=mine')
    await eventually(() => engine.requests.length === 1)
    const held: Socket[] = []
    for (let batch = 0; batch < 20; batch++) {
      const sockets = Array.from({ length: 100 }, () => connect(path).on('error', () => {}))
      held.push(...sockets)
      await Promise.all(
        sockets.map(
          (socket) =>
            new Promise((resolve) => socket.once('connect', resolve).once('close', resolve)),
        ),
      )
    }
    expect(await askJson(path, '/v1')).toEqual(INFO)
    await eventually(() => held.filter((socket) => !socket.closed).length < LIMITS.connections)
    await ask(path, '/v1/requests/mine', 'DELETE')
    expect((await running).status).toBe(200)
    for (const socket of held) socket.destroy()
  })
})

const PIECES = [
  ...[
    'GET',
    'POST',
    'DELETE',
    'HEAD',
    'CONNECT',
    'OPTIONS',
    ' ',
    '/',
    '/v1',
    '/v1/stack',
    '?',
    '&',
  ],
  ...[
    'thread=',
    'seconds=',
    '%00',
    '%',
    '..',
    '*',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\n',
    '\n',
    '\r\n\r\n',
  ],
  ...[
    'Host: x',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    ': ',
    '0',
  ],
  ...[
    'Connection: upgrade',
    'Upgrade: websocket',
    'Connection: keep-alive',
    '5\r\nhello\r\n',
    '\0',
    'ü',
  ],
]

function noise(random: (below: number) => number): Buffer {
  const pieces = Array.from({ length: 1 + random(30) }, () =>
    random(4) === 0
      ? Buffer.from(Array.from({ length: random(20) }, () => random(256)))
      : Buffer.from(PIECES[random(PIECES.length)] as string),
  )
  return Buffer.concat(pieces)
}

it('any bytes are answered or refused, and others are served', async () => {
  const { path } = await doorOfTest(echo, { limits: { request: 50 } })
  const random = numbers(4)
  const seen = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => opened(path)))
    const texts = sockets.map(untilClosed)
    for (const socket of sockets) {
      if (random(2) === 0) socket.write('GET /v1/stack')
      if (random(4) === 0) socket.write('?thread=main HTTP/1.1\r\nHost: x\r\n\r\n')
      socket.write(noise(random))
      if (random(2) === 0) socket.end()
    }
    for (const text of await Promise.all(texts)) seen.add(text.slice(0, 12))
    expect(await askJson(path, '/v1')).toEqual(INFO)
  }
  // It reached more than the parser of HTTP.
  expect([...seen]).toEqual(
    expect.arrayContaining(['200', '400', '404'].map((status) => `HTTP/1.1 ${status}`)),
  )
  expect([...seen].filter((text) => text.startsWith('HTTP/1.1 5'))).toEqual([])
})
