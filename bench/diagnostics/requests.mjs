// What a profile costs a service: its slowest requests, and its CPU for each request.
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../harness/statistics.mjs'
import { nowMs } from './clock.mjs'
import { cpuOf } from './cpu.mjs'
import { within } from './process.mjs'

const WARM_MS = 200
const LATE_MS = 20_000
/** Share of the time in which the thread is to work: far enough from saturation. */
const UTILIZATION = 0.4

/** Requests per second that keep the thread busy for that share. */
export async function chooseRate(target, { load, calibrateMs }) {
  const rate = 200
  let perRequest
  // The first time the code is not compiled yet.
  for (let time = 0; time < 2; time++) {
    await load.ask({ bench: 'start', port: target.port, rate })
    const before = cpuOf(target).thread
    await sleep(calibrateMs)
    const cpu = cpuOf(target).thread - before
    perRequest = cpu / (await load.ask({ bench: 'stop' })).length
  }
  return Math.min(Math.max(Math.round((UTILIZATION * 1e9) / perRequest), 50), 1000)
}

/** The requests that were due within a time, and the CPU of that time. */
async function over(target, during) {
  const [from, before] = [nowMs(), cpuOf(target)]
  await during()
  const [to, after] = [nowMs(), cpuOf(target)]
  return { from, to, thread: after.thread - before.thread, process: after.process - before.process }
}

function figuresOf({ from, to, thread, process }, took) {
  const times = took.filter(([due]) => due >= from && due < to).map(([, ms]) => ms)
  return {
    p50: quantile(times, 0.5) * 1e6,
    p99: quantile(times, 0.99) * 1e6,
    p999: quantile(times, 0.999) * 1e6,
    thread: thread / times.length,
    process: process / times.length,
  }
}

/** Of a target that is profiled all the time. */
export async function measureWhole(target, { load, rate, profileSeconds }) {
  await load.ask({ bench: 'start', port: target.port, rate })
  await sleep(WARM_MS)
  const meanwhile = await over(target, () => sleep(profileSeconds * 1000))
  return figuresOf(meanwhile, await load.ask({ bench: 'stop' }))
}

/** The same target, first unprofiled, then from the asking for a profile until that is there. */
export async function measureRequests({ target, profile }, interval, context) {
  const { load, rate, plainSeconds, profileSeconds: seconds } = context
  const profiled = async () => {
    const limitMs = seconds * 1000 + LATE_MS
    const signal = AbortSignal.timeout(limitMs)
    const begun = await within(limitMs, profile(target, { seconds, interval, signal }))
    if (begun === undefined) throw new Error(`no profile within ${limitMs / 1000} s`)
  }
  await load.ask({ bench: 'start', port: target.port, rate })
  await sleep(WARM_MS)
  const before = await over(target, () => sleep(plainSeconds * 1000))
  const meanwhile = await over(target, profile ? profiled : () => sleep(seconds * 1000))
  const took = await load.ask({ bench: 'stop' })
  return { before: figuresOf(before, took), meanwhile: figuresOf(meanwhile, took) }
}

export function rowOf({ name, missing, before, meanwhile }) {
  if (missing !== undefined) return { name, missing }
  const ratio = (key) => (before ? meanwhile[key] / before[key] : undefined)
  return {
    name,
    p99: meanwhile.p99,
    p99Before: before?.p99,
    p999: meanwhile.p999,
    p50: meanwhile.p50,
    p50Before: before?.p50,
    thread: meanwhile.thread,
    threadRatio: ratio('thread'),
    process: meanwhile.process,
    processRatio: ratio('process'),
  }
}

export const COLUMNS = [
  { key: 'p99', label: 'P99', unit: 'ns' },
  { key: 'p99Before', label: 'before', unit: 'ns' },
  { key: 'p999', label: 'P99.9', unit: 'ns' },
  { key: 'p50', label: 'median', unit: 'ns' },
  { key: 'p50Before', label: 'before', unit: 'ns' },
  { key: 'thread', label: 'CPU of the thread', unit: 'ns' },
  { key: 'threadRatio', label: 'to before', unit: 'ratio' },
  { key: 'process', label: 'CPU of the process', unit: 'ns' },
  { key: 'processRatio', label: 'to before', unit: 'ratio' },
]
