import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Channel } from '../../dist/diagnostics/channel/channel.js'
import type { CaptureContent } from '../../dist/diagnostics/engine.js'
import { Job } from '../../dist/diagnostics/helper/job.js'
import { Queues } from '../../dist/diagnostics/helper/queues.js'
import type { Ways } from '../../dist/diagnostics/helper/reach.js'
import { Surroundings } from '../../dist/diagnostics/helper/surroundings.js'
import type { CaptureKind, CaptureRequest, ProgressEvent } from '../../dist/diagnostics/model.js'
import { checkRequest } from '../../dist/diagnostics/request.js'

const thread = {
  pid: process.pid,
  tid: process.pid,
  threadId: 1,
  name: 'one',
  role: 'worker',
} as const

const channel: Channel = {
  route: 'inspector',
  thread,
  post: <Result>() => Promise.resolve(undefined as Result),
  on: () => () => {},
  onEnding: () => {},
  close: async () => {},
}

const ways = {
  route: { lease: () => () => {}, open: async () => channel, askMain: async () => {} },
  interrupts: { canInterrupt: () => false },
} as unknown as Ways

/** Captures, asked for 10 ms apart, that start after 50 ms and end 100 ms later: in which order they do. */
async function orderOf(...kinds: CaptureKind[]): Promise<string[]> {
  const order: string[] = []
  async function capture(
    _channel: Channel,
    { kind }: CaptureRequest,
    { onProgress }: { onProgress: (event: ProgressEvent) => void },
  ): Promise<CaptureContent> {
    order.push(`${kind} begins`)
    await sleep(50)
    onProgress({ event: 'started', thread, seconds: null, expectedPauseSeconds: null })
    order.push(`${kind} has started`)
    await sleep(100)
    order.push(`${kind} ends`)
    return { type: 'json', json: '{}' }
  }
  const surroundings = new Surroundings({ program: 'test', app: null, capture })
  const queues = new Queues()
  const context = { signal: new AbortController().signal, onProgress: () => {} }
  const jobs = kinds.map(async (kind, place) => {
    await sleep(10 * place)
    const request = checkRequest({ kind, thread: 1 })
    return new Job(thread, request, context, surroundings).run(ways, queues)
  })
  await Promise.all(jobs)
  return order
}

it('a heap snapshot waits until the CPU profile of its thread has started', async () => {
  expect(await orderOf('cpu-profile', 'heap-snapshot')).toEqual([
    'cpu-profile begins',
    'cpu-profile has started',
    'heap-snapshot begins',
    'heap-snapshot has started',
    'cpu-profile ends',
    'heap-snapshot ends',
  ])
})

it('a CPU profile starts when the heap snapshot of its thread is done', async () => {
  expect(await orderOf('heap-snapshot', 'cpu-profile')).toEqual([
    'heap-snapshot begins',
    'heap-snapshot has started',
    'heap-snapshot ends',
    'cpu-profile begins',
    'cpu-profile has started',
    'cpu-profile ends',
  ])
})
