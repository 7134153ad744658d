// The contestants, as whoever asks sees them. `profile(target, { seconds, interval, signal })` resolves,
// once the whole profile is there, with when its first sample was taken, in ms of CLOCK_MONOTONIC.
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { nowMs } from './clock.mjs'
import { run } from './command.mjs'
import { newFile } from './directory.mjs'
import { requirePeer } from './peer.mjs'
import { profileByPerf, whyNoPerf } from './perf.mjs'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const REGISTER = ['--require', 'threadmeter/register']

const { diagnosticsOf } = await import('threadmeter/diagnostics')

const WRAP_US = 2 ** 32

/** worker.startCpuProfile() tells the time at its start in 32 bits of µs: of those with the same, the latest. */
const unwrapped = (startUs) =>
  startUs + Math.max(Math.floor((nowMs() * 1e3 - startUs) / WRAP_US), 0) * WRAP_US

/** V8 has begun when there is a sample; the time at the start is before it prepares itself. */
const firstSampleMs = ({ startTime, timeDeltas }) =>
  (unwrapped(startTime) + (timeDeltas[0] ?? 0)) / 1e3

const library = {
  async profile({ pid, name }, options) {
    return firstSampleMs(await diagnosticsOf(pid).cpuProfile(name, options))
  },
  async stack({ pid, name }, { signal }) {
    await diagnosticsOf(pid).stack(name, { signal })
  },
}

/** Runs the command with a file to write to, and reads that. */
async function ofCommand(args, { signal }) {
  const file = newFile('command')
  try {
    await run(process.execPath, [CLI, ...args, '--output', file], { signal })
    return readFileSync(file, 'utf8')
  } finally {
    rmSync(file, { force: true })
  }
}

const command = {
  async profile({ pid, name }, { seconds, interval, signal }) {
    const options = ['--seconds', `${seconds}`, '--interval', `${interval}`]
    const args = ['profile', `${pid}`, `${name}`, ...options]
    return firstSampleMs(JSON.parse(await ofCommand(args, { signal })))
  },
  stack: ({ pid, name }, options) => ofCommand(['stack', `${pid}`, `${name}`, '--json'], options),
}

/** Started by the program itself, which is told to by a message. */
const own = (profiler) => ({
  async profile(target, { seconds, interval }) {
    const file = newFile('profile')
    const begun = await target.request({ bench: 'profile', profiler, seconds, interval, file })
    const text = readFileSync(file)
    rmSync(file)
    return text[0] === 0x7b ? firstSampleMs(JSON.parse(text)) : begun
  },
})

function whyNoPackage(name) {
  try {
    requirePeer(name)
    return undefined
  } catch (error) {
    return error.message.split('\n')[0]
  }
}

const hasWorkerProfile = typeof Worker.prototype.startCpuProfile === 'function'

const INTERVALS = [1000, 100]

export async function contestants() {
  return [
    { name: 'threadmeter', thread: 'main', flags: REGISTER, ...library, intervals: INTERVALS },
    { name: 'threadmeter, the command', thread: 'main', flags: REGISTER, ...command },
    {
      name: 'threadmeter, a worker',
      thread: 'worker',
      flags: REGISTER,
      ...library,
      intervals: [1000],
    },
    {
      name: 'worker.startCpuProfile()',
      thread: 'worker',
      ...own('worker'),
      intervals: [1000],
      missing: hasWorkerProfile ? undefined : `Node ${process.version} lacks it`,
    },
    { name: 'node:inspector in it', thread: 'main', ...own('inspector'), intervals: INTERVALS },
    {
      name: '@datadog/pprof in it',
      thread: 'main',
      ...own('datadog'),
      intervals: INTERVALS,
      missing: whyNoPackage('@datadog/pprof'),
    },
    {
      name: 'perf record -p',
      thread: 'main',
      flags: ['--perf-basic-prof'],
      profile: profileByPerf,
      intervals: [1000],
      missing: await whyNoPerf(),
    },
  ]
}
