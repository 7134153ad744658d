import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { DoorClient } from '../../dist/diagnostics/door/client.js'
import { CutOffError, FrameReader } from '../../dist/diagnostics/door/frame-reader.js'
import { doorPath } from '../../dist/diagnostics/door/location.js'
import type { DoorEvent } from '../../dist/diagnostics/door/protocol.js'
import type { CaptureOutcome } from '../../dist/diagnostics/engine.js'
import type { CaptureRequest, ProgressEvent } from '../../dist/diagnostics/model.js'
import { checkRequest } from '../../dist/diagnostics/request.js'
import type { ReceiveOptions } from '../../dist/diagnostics/source.js'
import { invalidArgType, outOfRange, ThreadmeterError } from '../../dist/errors.js'
import {
  aborted,
  DETAILS,
  directoryOfTest,
  doorOfTest,
  echo,
  eventually,
  failing,
  INFO,
  json,
  MAIN,
  THREADS,
  untilEnded,
  WORKER,
} from './door-running.js'

const PROFILE = checkRequest({ kind: 'cpu-profile', thread: 'main' })
const STACKS = checkRequest({ kind: 'stack', thread: 'all' })

interface Taken {
  thread: string
  text?: string
  error?: unknown
}

async function take(
  path: string,
  request: CaptureRequest = STACKS,
  options: ReceiveOptions = {},
): Promise<Taken[]> {
  const taken: Taken[] = []
  for await (const received of new DoorClient(path).capture(request, options)) {
    const thread = received.thread.name
    if ('error' in received) taken.push({ thread, error: received.error })
    else {
      const text = Buffer.concat(await received.body.toArray()).toString()
      expect(Buffer.byteLength(text)).toBe(received.bytes)
      taken.push({ thread, text })
    }
  }
  return taken
}

describe('a client', () => {
  it('is told of the process and its threads', async () => {
    const client = new DoorClient((await doorOfTest(echo)).path)
    expect(await client.info()).toEqual(INFO)
    expect(await client.threads()).toEqual(THREADS)
  })

  it('says all of its request', async () => {
    const { path, engine } = await doorOfTest(echo)
    const request = checkRequest({
      ...{ kind: 'heap-profile', thread: 'a&b=ü %', seconds: 0.5, interval: 1024 },
      ...{ wait: 5, force: true, directory: '/a b/ü?#' },
    })
    await take(path, request)
    await take(path, PROFILE)
    expect(engine.requests).toEqual([request, PROFILE])
  })

  it('is given captures as they come, errors among them, and the progress', async () => {
    const blocked = new ThreadmeterError('ERR_THREADMETER_THREAD_BLOCKED', ['main', 'read'])
    const progress: ProgressEvent[] = [
      { event: 'queued', thread: MAIN, ahead: 2 },
      { event: 'started', thread: MAIN, seconds: 10, expectedPauseSeconds: null },
    ]
    const { path } = await doorOfTest(async function* (_, { onProgress }) {
      onProgress(progress[0] as ProgressEvent)
      yield { thread: WORKER, content: json('é'.repeat(300_000)) }
      onProgress(progress[1] as ProgressEvent)
      yield { thread: MAIN, error: Object.assign(blocked, { details: { state: 'S' } }) }
      yield { thread: MAIN, content: json({}) }
    })
    const seen: ProgressEvent[] = []
    const taken = await take(path, STACKS, { onProgress: (event) => void seen.push(event) })
    expect(taken).toEqual([
      { thread: 'wörker', text: JSON.stringify('é'.repeat(300_000)) },
      { thread: 'main', error: expect.any(ThreadmeterError) },
      { thread: 'main', text: '{}' },
    ])
    expect(taken[1]?.error).toMatchObject({
      ...{ code: blocked.code, message: blocked.message, details: { state: 'S' } },
    })
    expect((taken[1] as { error: Error }).error.stack).toContain(blocked.message)
    expect(seen).toEqual(progress)
  })

  it('is told of other threads before and behind the bytes of a capture, not between them', async () => {
    const text = 'x'.repeat(1_000_000)
    const path = join(directoryOfTest(), 'a')
    writeFileSync(path, text)
    const file = { type: 'file', path, bytes: text.length, details: DETAILS, dispose() {} } as const
    const door = await doorOfTest(async function* (_, { onProgress }) {
      let turns = 0
      let isOver = false
      const tell = () => {
        onProgress({ event: 'progress', thread: MAIN, elapsedSeconds: ++turns, bytes: 0 })
        if (!isOver) setImmediate(tell)
      }
      onProgress({ event: 'started', thread: MAIN, seconds: 1, expectedPauseSeconds: null })
      setImmediate(tell)
      yield { thread: WORKER, content: file }
      isOver = true
      yield { thread: MAIN, content: json(turns) }
    })
    const seen: ProgressEvent[] = []
    const taken = await take(door.path, STACKS, { onProgress: (event) => void seen.push(event) })
    expect(taken[0]).toEqual({ thread: 'wörker', text })
    const turns = Number((taken[1] as { text: string }).text)
    expect(turns).toBeGreaterThan(2)
    expect(seen[0]?.event).toBe('started')
    // Of those in between, the last.
    expect(seen.length).toBeLessThan(turns)
    expect(seen).toContainEqual({
      event: 'progress',
      thread: MAIN,
      elapsedSeconds: turns,
      bytes: 0,
    })
  })

  it('may pass over what it does not want', async () => {
    const directory = directoryOfTest()
    const file = join(directory, 'a')
    writeFileSync(file, Buffer.alloc(5_000_000))
    let disposed = 0
    const dispose = (): void => void disposed++
    const { path } = await doorOfTest(async function* () {
      for (const thread of [MAIN, WORKER, MAIN]) {
        const content = { type: 'file', path: file, bytes: 5_000_000, details: DETAILS, dispose }
        yield { thread, content } as CaptureOutcome
      }
    })
    const request = checkRequest({ kind: 'heap-snapshot', thread: 'all' })
    const seen: unknown[] = []
    for await (const received of new DoorClient(path).capture(request)) {
      if ('error' in received) throw received.error
      seen.push([received.thread.name, received.details])
      // Nothing of the first, a part of the second.
      if (received.thread.name !== 'main') await once(received.body, 'readable')
    }
    expect(seen).toEqual(['main', 'wörker', 'main'].map((name) => [name, DETAILS]))
    expect(disposed).toBe(3)
  })

  it('that stops asking hangs up', async () => {
    let signal: AbortSignal | undefined
    const { path } = await doorOfTest(async function* (_, context) {
      signal = context.signal
      yield { thread: MAIN, content: json({}) }
      await aborted(signal)
    })
    for await (const _ of new DoorClient(path).capture(STACKS)) break
    await eventually(() => signal?.aborted === true)
  })

  it('that is closed hangs up', async () => {
    const { path, engine } = await doorOfTest(untilEnded)
    const client = new DoorClient(path)
    const next = client.capture(PROFILE).next()
    await eventually(() => engine.requests.length === 1)
    const rejected = expect(next).rejects.toMatchObject({ name: 'AbortError' })
    await client.close()
    await rejected
  })
})

describe('a client that aborts', () => {
  it('is given what there is', async () => {
    const { path, engine } = await doorOfTest(untilEnded)
    const controller = new AbortController()
    const taking = take(path, PROFILE, { signal: controller.signal })
    await eventually(() => engine.requests.length === 1)
    controller.abort()
    expect(await taking).toEqual([{ thread: 'main', text: '{"partial":"aborted"}' }])
  })

  it('is given its reason where there is nothing', async () => {
    const { path, engine } = await doorOfTest(async function* (_, { signal }) {
      await aborted(signal)
      yield* failing(signal.reason)(_, { signal, onProgress: () => {} })
    })
    const reason = new Error('enough')
    const controller = new AbortController()
    const taking = take(path, PROFILE, { signal: controller.signal })
    await eventually(() => engine.requests.length === 1)
    controller.abort(reason)
    await expect(taking).rejects.toBe(reason)
    await expect(take(path, PROFILE, { signal: controller.signal })).rejects.toBe(reason)
    expect(engine.requests).toHaveLength(1)
  })

  it('before it is answered ends its request as well', async () => {
    const { path } = await doorOfTest(untilEnded)
    const controller = new AbortController()
    const taking = take(path, PROFILE, { signal: controller.signal })
    controller.abort()
    expect(await taking).toEqual([{ thread: 'main', text: '{"partial":"aborted"}' }])
  })
})

describe('errors come as they were thrown', () => {
  it.each([
    invalidArgType('seconds', 'a number', 'x'),
    outOfRange('seconds', 'a number', 7),
    new ThreadmeterError('ERR_THREADMETER_THREAD_NOT_FOUND', ['7', 'main']),
    new ThreadmeterError('ERR_THREADMETER_BUSY', ['they']),
  ])('%s', async (thrown) => {
    const { path } = await doorOfTest(failing(thrown))
    const error = await take(path).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(thrown.constructor)
    const { name, message, code } = thrown
    expect(error).toMatchObject({ name, message, code })
  })

  it('also before anything is captured', async () => {
    const { path } = await doorOfTest(echo, { limits: { captures: 0 } })
    await expect(take(path)).rejects.toMatchObject({ code: 'ERR_THREADMETER_BUSY' })
    const wrong = { ...PROFILE, seconds: -1 }
    await expect(take(path, wrong)).rejects.toBeInstanceOf(RangeError)
  })
})

async function served(
  answer: (socket: Socket) => void,
  path = join(directoryOfTest(), 'x'),
): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
    onTestFinished(() => void socket.destroy())
  })
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return path
}

const serverOf = (answer: string): Promise<string> => served((socket) => socket.end(answer))

const HEAD =
  'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/vnd.threadmeter.events\r\n\r\n'
const RESULT = `{"event":"result","kind":"stack","thread":${JSON.stringify(MAIN)},"bytes":5}\n`

describe('an answer that is none', () => {
  it.each([
    ['nothing', ''],
    ['headers alone', HEAD],
    ['a part of a line', `${HEAD}{"event":"en`],
    ['no end', `${HEAD}${RESULT}12345`],
    ['a part of a capture', `${HEAD}${RESULT}123`],
    ['a part of a body', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}'],
  ])('%s: it was cut off', async (_, answer) => {
    const path = await serverOf(answer)
    await expect(take(path)).rejects.toMatchObject({
      code:
        _ === 'a part of a body'
          ? 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE'
          : 'ERR_THREADMETER_PROCESS_ENDED',
    })
  })

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['another type', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['another error', 'HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}'],
    ['lines of something else', `${HEAD}hello\n`],
    ['JSON that is no event', `${HEAD}null\n`],
    ['negative bytes', `${HEAD}${RESULT.replace('5', '-5')}`],
    ['a line without end', HEAD + 'x'.repeat(2_000_000)],
  ])('%s: this is no threadmeter', async (_, answer) => {
    const path = await serverOf(answer)
    await expect(take(path)).rejects.toMatchObject({
      code: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
    })
  })

  it('from nobody: not enabled, or ended', async () => {
    const nowhere = join(directoryOfTest(), 'x.sock')
    await expect(take(nowhere)).rejects.toMatchObject({
      code: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
    })
    // No process has this start.
    const dead = nowhere.replace(
      'x.sock',
      `1-1-${(await import('node:fs')).statSync('/proc/self/ns/pid').ino}.sock`,
    )
    await expect(new DoorClient(dead).info()).rejects.toMatchObject({
      code: 'ERR_THREADMETER_PROCESS_ENDED',
      message: 'process 1 ended before it could answer',
    })
  })
})

describe('who hangs up', () => {
  it('and is still there has not ended', async () => {
    const path = await served((socket) => socket.end(HEAD), doorPath(directoryOfTest()))
    await expect(take(path)).rejects.toMatchObject({
      code: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
      message: expect.stringContaining(`process ${process.pid} hung up and is still there`),
    })
  })

  it('and has removed the socket is about to end', async () => {
    const path = doorPath(directoryOfTest())
    await served((socket) => {
      rmSync(path)
      socket.end(HEAD)
    }, path)
    await expect(take(path)).rejects.toMatchObject({ code: 'ERR_THREADMETER_PROCESS_ENDED' })
  })
})

describe('who does not answer', () => {
  /** Advances the timers of the client alone. */
  function clientTime(): (ms: number) => void {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    return (ms) => void vi.advanceTimersByTime(ms)
  }

  /** One that says so much and no more, and the connections to it. */
  async function silent(text = ''): Promise<{ path: string; asked: Socket[] }> {
    const asked: Socket[] = []
    const path = await served((socket) => {
      asked.push(socket)
      socket.write(text)
    })
    return { path, asked }
  }

  it.each(['', HEAD.replace(/Content-Type.*\r\n/, '')])(
    'a simple question is given up: %j',
    async (text) => {
      const pass = clientTime()
      const { path, asked } = await silent(text)
      const told = new DoorClient(path).threads().catch((error: unknown) => error)
      await vi.waitFor(() => expect(asked).toHaveLength(1))
      pass(10_000)
      expect(await told).toMatchObject({
        code: 'ERR_THREADMETER_TIMEOUT',
        message: `/v1/threads of ${path} was not done within 10 s`,
      })
    },
  )

  it('is hung up on by a client that is closed', async () => {
    const { path, asked } = await silent()
    const client = new DoorClient(path)
    const told = client.info().catch((error: unknown) => error)
    await eventually(() => asked.length === 1)
    const reason = new Error('enough')
    await client.close(reason)
    expect(await told).toBe(reason)
  })

  it('within a capture is given the reason of the client, who reads, too', async () => {
    const { path } = await silent(`${HEAD}${RESULT}123`)
    const client = new DoorClient(path)
    const captures = client.capture(STACKS)
    const { value } = await captures.next()
    const read = value.body.toArray().catch((error: unknown) => error)
    const reason = new Error('enough')
    await client.close(reason)
    expect(await read).toBe(reason)
    await expect(captures.next()).rejects.toBe(reason)
  })

  it('holds nobody who has given up', async () => {
    const { path, asked } = await silent(HEAD)
    const controller = new AbortController()
    const client = new DoorClient(path)
    const taking = client.capture(STACKS, { signal: controller.signal }).next()
    const told = taking.catch((error: unknown) => error)
    await eventually(() => asked.length === 1)
    const closed = [once(asked[0] as Socket, 'close')]
    controller.abort()
    // To end the capture.
    await eventually(() => asked.length === 2)
    closed.push(once(asked[1] as Socket, 'close'))
    await client.close()
    expect(await told).toBe(controller.signal.reason)
    await Promise.all(closed)
  })
})

/** A generator of the same numbers each time: xorshift32. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

async function* cut(bytes: Buffer, random: (below: number) => number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const end = start + random(random(2) === 0 ? 3 : 200)
    yield bytes.subarray(start, end)
    start = end
  }
}

/** All that is in an answer, and whether it is whole. */
async function readAll(
  chunks: AsyncIterable<Buffer>,
): Promise<{ read: unknown[]; whole: boolean }> {
  const frames = new FrameReader(chunks)
  const read: unknown[] = []
  try {
    for (;;) {
      const event = await frames.event()
      read.push(event)
      if (event.event === 'end') return { read, whole: true }
      if (event.event !== 'result') continue
      const body: Buffer[] = []
      for await (const part of frames.body()) body.push(part)
      read.push(Buffer.concat(body).toString())
    }
  } catch (error) {
    expect(error).toBeInstanceOf(CutOffError)
    return { read, whole: false }
  }
}

describe('an answer in chunks', () => {
  const bodies = ['', '\n', '{"event":"end"}\n', 'ü𝄞'.repeat(99)]
  const lines = bodies.map((body) => {
    const bytes = Buffer.byteLength(body)
    const event: DoorEvent = { event: 'result', kind: 'stack', thread: WORKER, bytes }
    return `${JSON.stringify(event)}\n${body}`
  })
  const whole = Buffer.from(`${lines.join('')}{"event":"end"}\n`)

  it('is the same wherever it is cut', async () => {
    const expected = await readAll(cut(whole, () => whole.length))
    expect(expected.read.filter((part) => typeof part === 'string')).toEqual(bodies)
    for (let seed = 1; seed <= 200; seed++) {
      expect(await readAll(cut(whole, numbers(seed)))).toEqual(expected)
    }
  })

  it('is whole only with its last byte', async () => {
    for (let length = 0; length < whole.length; length++) {
      const { whole: isWhole } = await readAll(cut(whole.subarray(0, length), numbers(length + 1)))
      expect(isWhole, String(length)).toBe(false)
    }
  })
})
