import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Channel } from '../../dist/diagnostics/channel/channel.js'
import { Attempts } from '../../dist/diagnostics/helper/attempts.js'
import { type Blocked, reach, type Ways } from '../../dist/diagnostics/helper/reach.js'
import { ThreadmeterError } from '../../dist/errors.js'

const thread = { pid: 1, tid: 2, threadId: 1, name: 'one', role: 'worker' } as const

const VIEW = { state: 'S', syscall: 'read', wchan: null, cpu: 0, runDelay: 0 }

/** A way to the thread that answers, or fails, when `answered` does. */
function fakeChannel(answered: Promise<unknown>): Channel & { isClosed: boolean } {
  const channel = {
    route: 'inspector' as const,
    thread,
    isClosed: false,
    post: <Result>() => answered as Promise<Result>,
    on: () => () => {},
    onEnding: () => {},
    async close() {
      channel.isClosed = true
    },
  }
  return channel
}

it('closes the way that is left when another one has shown that the thread ended', async () => {
  const attempts = new Attempts(2)
  const ended = new ThreadmeterError('ERR_THREADMETER_THREAD_ENDED', ['one'])
  const [failing, slow] = [fakeChannel(Promise.reject(ended)), fakeChannel(sleep(50))]
  attempts.add(Promise.resolve(slow))
  attempts.add(Promise.resolve(failing))
  await expect(attempts.first).rejects.toBe(ended)
  await sleep(60)
  expect([failing.isClosed, slow.isClosed]).toEqual([true, true])
})

/** Ways of which the inspector's answers after `ms`, and no interrupt ever does. */
function ways(channel: Channel): Ways {
  const silent = () => fakeChannel(new Promise(() => {}))
  return {
    route: {
      origin: { main: { ...thread, threadId: 0, name: 'main', role: 'main' }, route: 'inspector' },
      lease: () => () => {},
      open: async () => channel,
      askMain: async () => {},
    } as unknown as Ways['route'],
    interrupts: { canInterrupt: () => true, openInterruptChannel: async () => silent() },
    kernelView: (_pid, _tid, ms) => sleep(ms, VIEW),
  }
}

it('a thread that answers at the last moment is not said to be in a native call', async () => {
  const channel = fakeChannel(sleep(900))
  const reached = await reach(thread, ways(channel), 'cpu-profile')
  expect(reached).toEqual({ channel })
  expect(channel.isClosed).toBe(false)
})

it('what answers once it was given up is closed', async () => {
  const channel = fakeChannel(sleep(1300))
  const { blocked } = (await reach(thread, ways(channel), 'cpu-profile')) as { blocked: Blocked }
  // It has answered, and it is still asked whether interrupts do.
  await sleep(400)
  blocked.abandon()
  await expect.poll(() => channel.isClosed).toBe(true)
})
