import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CaptureContent } from '../../dist/diagnostics/engine.js'
import { CAPTURE_KINDS, type CaptureKind } from '../../dist/diagnostics/model.js'
import { outOfRange, ThreadmeterError, type ThreadmeterErrorCode } from '../../dist/errors.js'
import {
  ask,
  askJson,
  DETAILS,
  directoryOfTest,
  doorOfTest,
  echo,
  eventually,
  failing,
  INFO,
  json,
  MAIN,
  opened,
  THREADS,
  untilClosed,
  untilEnded,
  WORKER,
} from './door-running.js'

const INTERVALS: Partial<Record<CaptureKind, number>> = {
  'cpu-profile': 1000,
  'heap-profile': 524_288,
}

describe('what is asked for', () => {
  it('is the process, and its threads', async () => {
    const { path } = await doorOfTest(echo)
    expect(await askJson(path, '/v1')).toEqual(INFO)
    expect(await askJson(path, '/v1/threads')).toEqual({ threads: THREADS })
  })

  it.each(CAPTURE_KINDS)('is a %s, with its defaults', async (kind) => {
    const { path, engine } = await doorOfTest(echo)
    await ask(path, `/v1/${kind}`)
    expect(engine.requests).toEqual([
      {
        ...{ kind, thread: kind === 'stack' ? 'all' : 'main', wait: 0, seconds: 10 },
        ...{ interval: INTERVALS[kind] ?? 0, force: false, directory: null },
      },
    ])
  })

  it('is what the query says', async () => {
    const { path, engine } = await doorOfTest(echo)
    const query = 'thread=w%C3%B6rker&seconds=2.5&interval=500&wait=100&force=1&directory=/d%20e'
    await ask(path, `/v1/cpu-profile?${query}`, 'POST')
    expect(engine.requests).toEqual([
      {
        ...{ kind: 'cpu-profile', thread: 'wörker', seconds: 2.5, interval: 500 },
        ...{ wait: 100, force: true, directory: '/d e' },
      },
    ])
  })

  it('is a threadId where there are digits alone', async () => {
    const { path, engine } = await doorOfTest(echo)
    for (const thread of ['17', '1.5', 'all', '-1', '1e3']) {
      await ask(path, `/v1/cpu-profile?thread=${thread}`)
    }
    expect(engine.requests.map(({ thread }) => thread)).toEqual([17, '1.5', 'all', '-1', '1e3'])
  })
})

describe('an answer', () => {
  it('is the capture itself', async () => {
    const { path } = await doorOfTest(async function* () {
      yield { thread: MAIN, content: { type: 'json', json: '{"a":"é𝄞"}' } }
    })
    const { status, headers, body } = await ask(path, '/v1/cpu-profile')
    expect([status, body.toString()]).toEqual([200, '{"a":"é𝄞"}'])
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '14' })
  })

  it('is as long as it says, however its characters fall', async () => {
    const text = 'x'.repeat(65_535) + '𝄞é'.repeat(100_000)
    const { path } = await doorOfTest(async function* () {
      yield { thread: MAIN, content: json(text) }
    })
    expect(await askJson(path, '/v1/cpu-profile')).toBe(text)
  })

  it('is a list for all threads, with the errors of some', async () => {
    const { path } = await doorOfTest(async function* () {
      yield { thread: MAIN, content: json({ frames: [] }) }
      yield { thread: WORKER, error: new ThreadmeterError('ERR_THREADMETER_THREAD_ENDED', ['it']) }
    })
    expect(await askJson(path, '/v1/stack')).toEqual([
      { thread: MAIN, value: { frames: [] } },
      {
        thread: WORKER,
        error: {
          code: 'ERR_THREADMETER_THREAD_ENDED',
          message: 'it ended before it could answer',
        },
      },
    ])
  })

  it('is an empty list when there are none', async () => {
    const { path } = await doorOfTest(async function* () {})
    expect(await askJson(path, '/v1/stack')).toEqual([])
    expect((await ask(path, '/v1/cpu-profile')).status).toBe(500)
  })
})

const BYTES = Buffer.alloc(3_000_000, 'snapshot')

function snapshotIn(directory: string, bytes = BYTES.length): CaptureContent {
  const path = join(directory, 'a.heapsnapshot')
  writeFileSync(path, BYTES)
  const dispose = (): void => rmSync(path)
  return { type: 'file', path, bytes, details: DETAILS, dispose }
}

describe('a heap snapshot', () => {
  it('is sent, and removed', async () => {
    const directory = directoryOfTest()
    const { path } = await doorOfTest(async function* () {
      yield { thread: MAIN, content: snapshotIn(directory) }
    })
    const { headers, body } = await ask(path, '/v1/heap-snapshot')
    expect(headers['content-type']).toBe('application/octet-stream')
    expect(body.equals(BYTES)).toBe(true)
    await eventually(() => !existsSync(join(directory, 'a.heapsnapshot')))
  })

  it('stays in the directory that was named, and its path is told', async () => {
    const directory = directoryOfTest()
    const { path } = await doorOfTest(async function* () {
      yield { thread: MAIN, content: snapshotIn(directory) }
    })
    const file = join(directory, 'a.heapsnapshot')
    const told = { path: file, bytes: BYTES.length, threadmeter: DETAILS }
    expect(await askJson(path, `/v1/heap-snapshot?directory=${directory}`)).toEqual(told)
    expect(existsSync(file)).toBe(true)
  })

  it('is broken off when the file is shorter than it was, and removed', async () => {
    const directory = directoryOfTest()
    const { path } = await doorOfTest(async function* () {
      yield { thread: MAIN, content: snapshotIn(directory, BYTES.length + 1) }
    })
    await expect(ask(path, '/v1/heap-snapshot')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(existsSync(join(directory, 'a.heapsnapshot'))).toBe(false)
  })

  it('of all threads needs a directory', async () => {
    const { path } = await doorOfTest(echo)
    expect((await ask(path, '/v1/heap-snapshot?thread=all')).status).toBe(400)
    expect((await ask(path, '/v1/heap-snapshot?thread=all&directory=/d')).status).toBe(200)
  })
})

const STATUSES: [ThreadmeterErrorCode, number][] = [
  ['ERR_THREADMETER_THREAD_NOT_FOUND', 404],
  ['ERR_THREADMETER_THREAD_AMBIGUOUS', 409],
  ['ERR_THREADMETER_THREAD_BLOCKED', 409],
  ['ERR_THREADMETER_THREAD_ENDED', 410],
  ['ERR_THREADMETER_PROCESS_ENDED', 503],
  ['ERR_THREADMETER_BUSY', 503],
  ['ERR_THREADMETER_TIMEOUT', 504],
  ['ERR_THREADMETER_NOT_ENOUGH_MEMORY', 507],
  ['ERR_THREADMETER_CAPTURE_FAILED', 500],
]

describe('what fails', () => {
  it.each(STATUSES)('with %s is answered with %i', async (code, expected) => {
    const details = { state: 'D' }
    const error = Object.assign(new ThreadmeterError(code, ['a', 'b', 'c']), { details })
    const { path } = await doorOfTest(failing(error))
    const { status, headers, body } = await ask(path, '/v1/stack')
    expect(status).toBe(expected)
    expect(JSON.parse(body.toString())).toEqual({
      error: { code, message: error.message, details },
    })
    expect(headers['retry-after']).toBe(code === 'ERR_THREADMETER_BUSY' ? '1' : undefined)
  })

  it('with an error of any other kind is answered with 500, or by its code', async () => {
    const { path } = await doorOfTest(failing(new Error('oh')))
    expect(await askJson(path, '/v1/stack')).toEqual({
      error: { code: 'ERR_THREADMETER_CAPTURE_FAILED', message: 'oh' },
    })
    const other = await doorOfTest(failing(outOfRange('x', 'y', 1)), {}, directoryOfTest())
    expect((await ask(other.path, '/v1/stack')).status).toBe(400)
  })

  it.each([
    ['seconds=ten', /"seconds" must be a number. Received 'ten'/],
    ['seconds=', /"seconds" must be a number/],
    ['seconds=1e3', /"seconds" must be a number/],
    ['seconds=4000', /"seconds" must be a number from 0.01 to 3600. Received 4000/],
    ['interval=1', /"interval" must be/],
    ['wait=-1', /"wait" must be a number/],
    ['force=maybe', /"force" must be a boolean/],
    ['thread=', /"thread" must be/],
    ['directory=relative', /"directory" must be an absolute path/],
    ['directory=/a%00b', /"directory" must be an absolute path/],
    ['colour=red', /no parameter "colour"/],
    ['__proto__=1', /no parameter "__proto__"/],
    ['seconds=1&seconds=2', /seconds is there twice/],
    ['id=a%20b', /an id is/],
  ])('because of ?%s is told why', async (query, message) => {
    const { path, engine } = await doorOfTest(echo)
    const { status, body } = await ask(path, `/v1/cpu-profile?${query}`)
    expect(status).toBe(400)
    expect(JSON.parse(body.toString()).error.message).toMatch(message)
    expect(engine.requests).toEqual([])
  })

  it.each([
    '/',
    '/v1/',
    '/v2',
    '/v1/stack/main',
    '/v1/constructor',
    '/v1/requests/*',
    '//v1',
    '/v1/%ff',
  ])('for %s being no path names the paths', async (wrong) => {
    const { path } = await doorOfTest(echo)
    const { status, body } = await ask(path, wrong)
    expect(status).toBe(wrong === '/v1/requests/*' ? 405 : 404)
    if (status === 404) expect(body.toString()).toContain('/v1/heap-snapshot')
  })

  it('for the method says which are allowed', async () => {
    const { path, engine } = await doorOfTest(echo)
    const answers = ['DELETE', 'PUT', 'HEAD', 'OPTIONS'].map((method) =>
      ask(path, '/v1/cpu-profile', method),
    )
    for (const { status, headers } of await Promise.all(answers)) {
      expect([status, headers.allow]).toEqual([405, 'GET, POST'])
    }
    expect((await ask(path, '/v1/threads', 'POST')).headers.allow).toBe('GET, HEAD')
    expect(engine.requests).toEqual([])
  })

  it('without a capture has the headers of GET for HEAD', async () => {
    const { path } = await doorOfTest(echo)
    const [get, head] = [await ask(path, '/v1'), await ask(path, '/v1', 'HEAD')]
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
  })
})

describe('a request', () => {
  it('ends early on command, with what there is', async () => {
    const { path, engine } = await doorOfTest(untilEnded)
    const answer = ask(path, '/v1/cpu-profile?id=mine')
    await eventually(() => engine.requests.length === 1)
    expect((await ask(path, '/v1/cpu-profile?id=mine')).status).toBe(409)
    expect(await askJson(path, '/v1/requests/mine', 'DELETE')).toEqual({ ended: 'mine' })
    expect(JSON.parse((await answer).body.toString())).toEqual({ partial: 'aborted' })
    expect((await ask(path, '/v1/requests/mine', 'DELETE')).status).toBe(404)
  })

  it('is aborted when its client hangs up', async () => {
    let signal: AbortSignal | undefined
    const { path } = await doorOfTest((asked, context) => {
      signal = context.signal
      return untilEnded(asked, context)
    })
    const socket = await opened(path)
    socket.write('GET /v1/cpu-profile HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => signal !== undefined)
    expect(signal?.aborted).toBe(false)
    socket.destroy()
    await eventually(() => signal?.aborted === true)
  })

  it('too many of them are told to come back', async () => {
    const { path, engine } = await doorOfTest(untilEnded, { limits: { captures: 2 } })
    const first = [1, 2].map((id) => ask(path, `/v1/cpu-profile?id=${id}`))
    await eventually(() => engine.requests.length === 2)
    const { status, headers } = await ask(path, '/v1/stack')
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect((await ask(path, '/v1/threads')).status).toBe(200)
    for (const id of [1, 2]) await ask(path, `/v1/requests/${id}`, 'DELETE')
    expect((await Promise.all(first)).map((answer) => answer.status)).toEqual([200, 200])
    const last = ask(path, '/v1/cpu-profile?id=3')
    await eventually(() => engine.requests.length === 3)
    await ask(path, '/v1/requests/3', 'DELETE')
    expect((await last).status).toBe(200)
  })
})

describe('further routes', () => {
  it('answer in JSON, with items below them', async () => {
    const routes = new Map()
    const { path } = await doorOfTest(echo, { routes })
    expect((await ask(path, '/v1/triggers')).status).toBe(404)
    routes.set('/v1/triggers', { GET: () => ['a'], POST: async () => ({ made: true }) })
    routes.set('/v1/triggers/*', { DELETE: ({ rest }: { rest: string }) => ({ rest }) })
    expect(await askJson(path, '/v1/triggers')).toEqual(['a'])
    expect(await askJson(path, '/v1/triggers', 'POST')).toEqual({ made: true })
    expect(await askJson(path, '/v1/triggers/a%2Fb', 'DELETE')).toEqual({ rest: 'a/b' })
    expect((await ask(path, '/v1/triggers/a', 'GET')).headers.allow).toBe('DELETE')
  })
})

describe('a door that closes', () => {
  it('answers what is being answered, and lets the others go', async () => {
    const { path, engine, close } = await doorOfTest(untilEnded)
    const idle = await opened(path)
    const answer = ask(path, '/v1/cpu-profile?id=a')
    await eventually(() => engine.requests.length === 1)
    await ask(path, '/v1/requests/a', 'DELETE')
    const closed = close()
    expect(existsSync(path)).toBe(false)
    expect((await answer).status).toBe(200)
    expect(await untilClosed(idle)).toBe('')
    await closed
  })

  it('does not wait for long', async () => {
    const { path, engine, close } = await doorOfTest(untilEnded)
    const answer = ask(path, '/v1/cpu-profile')
    await eventually(() => engine.requests.length === 1)
    const rejected = expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
    await close()
    await rejected
  })
})
