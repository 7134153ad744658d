import { readlinkSync } from 'node:fs'
import { gettid, setThreadName, threads } from 'threadmeter'
import { describe, expect, it } from 'vitest'
import { named } from '../fixtures/named.js'
import * as proc from '../fixtures/proc.mjs'
import { Sleeper } from '../fixtures/sleeper.js'

describe('gettid()', () => {
  it('is what /proc/thread-self points to', () => {
    expect(readlinkSync('/proc/thread-self')).toBe(`${process.pid}/task/${gettid()}`)
  })

  it('is different in every thread', async () => {
    const { tid } = await named('other')
    expect(tid).not.toBe(gettid())
    expect(Number.isInteger(tid)).toBe(true)
  })
})

describe('setThreadName()', () => {
  it.each(['thumbnails', 'x', 'exactly-15-byte', 'a) R (b', ' spaced ', 'größer-日本'])(
    'shows %j in /proc and in threads()',
    async (name) => {
      await named(name, ({ tid, after, error }) => {
        expect(error).toBeUndefined()
        expect(proc.comm(tid)).toBe(name.trimEnd())
        expect(after).toBe(name.trimEnd())
        expect(threads().find((thread) => thread.tid === tid)).toMatchObject({
          name,
          role: 'worker',
        })
      })
    },
  )

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an array', ['name']],
  ])('refuses %s', async (_, name) => {
    const { error, before, after } = await named(name)
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_THREADMETER_INVALID_ARG_TYPE' })
    expect(error?.message).toMatch(/^"name" must be a string\. Received /)
    expect(after).toBe(before)
  })

  it.each(['', 'sixteen-bytes-xx', 'acht-Umlaute-äöü', '日本日本日本', 'nul\0inside', '\0'])(
    'refuses %j',
    async (name) => {
      const { error, before, after } = await named(name)
      expect(error).toMatchObject({ name: 'RangeError', code: 'ERR_THREADMETER_OUT_OF_RANGE' })
      expect(error?.message).toContain('"name" must be 1 to 15 bytes of UTF-8 without NUL')
      expect(after).toBe(before)
    },
  )

  it('refuses the main thread, whose name is that of the process', () => {
    const before = proc.comm(process.pid)
    expect(gettid()).toBe(process.pid)
    expect(() => setThreadName('mine')).toThrow(
      expect.objectContaining({ name: 'ThreadmeterError', code: 'ERR_THREADMETER_MAIN_THREAD' }),
    )
    expect(proc.comm(process.pid)).toBe(before)
  })

  it('is not what gives other threads their names', async () => {
    const names = () => proc.tids().map((tid) => [tid, proc.comm(tid)])
    const before = names()
    await named('mine')
    expect(names()).toEqual(before)
  })
})

describe('the name option of a worker', () => {
  it('is its name in threads() where Node tells it', async () => {
    const { threadName } = (await import('node:worker_threads')) as { threadName?: string }
    const sleeper = await Sleeper.start('resize-images')
    const info = threads().find(({ tid }) => tid === sleeper.tid)
    const kernelName = proc.comm(sleeper.tid)
    await sleeper.end()
    const told = threadName !== undefined || kernelName !== proc.comm(process.pid)
    expect(info?.name).toBe(told ? 'resize-images' : `worker-${sleeper.threadId}`)
  })
})
