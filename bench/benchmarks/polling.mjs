import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { SAMPLE_ROW, THREAD_ROW, ThreadSampler, threads, threadsInto } from 'threadmeter'
import { bare, fromNode, processCpuTime } from '../harness/peers.mjs'
import { median } from '../harness/statistics.mjs'
import { readTaskText } from '../harness/task-text.mjs'
import { Workers } from '../harness/workers.mjs'

const WORKERS = 64
const TARGET_PERCENT = 0.05
const SETTLE_TURN_MS = 500
const MAX_SETTLE_TURNS = 30
const QUIET_SHARE = 0.002
const NOTHING = 'nothing'
const EMPTY = 'an empty timer'
const INTO = 'threadsInto(rows)'
const SAMPLER = 'sampler.sampleInto(rows)'

/** A poller from the main thread. */
function fromOutside(look) {
  let timer
  return {
    async warm(times) {
      for (let i = 0; i < times; i++) await look()
    },
    start(hz) {
      timer = setInterval(look, 1000 / hz)
    },
    stop() {
      clearInterval(timer)
    },
  }
}

/** The workers report themselves, the main thread does nothing. */
function fromInside(workers) {
  const figures = new Float64Array(new SharedArrayBuffer(WORKERS * 16))
  return {
    start: (hz) => workers.command((index) => ({ hz, figures, index })),
    stop: () => workers.command(() => 'quiet'),
  }
}

function contestants(workers) {
  const rows = new Float64Array(256 * THREAD_ROW.length)
  const sampled = new Float64Array(256 * SAMPLE_ROW.length)
  const sampler = new ThreadSampler()
  return [
    { name: NOTHING, start() {}, stop() {} },
    { name: EMPTY, ...fromOutside(() => {}) },
    { name: INTO, ...fromOutside(() => threadsInto(rows)) },
    { name: SAMPLER, ...fromOutside(() => sampler.sampleInto(sampled)) },
    { name: 'threads()', ...fromOutside(() => threads()) },
    { name: 'a timer in each worker', ...fromInside(workers) },
    fromNode('worker.cpuUsage() of each', workers.list[0].cpuUsage !== undefined, () =>
      fromOutside(() => Promise.all(workers.list.map((worker) => worker.cpuUsage()))),
    ),
    { name: 'readFileSync(/proc/…/stat) of each', ...fromOutside(readTaskText) },
  ]
}

/** CPU time of the main thread and the workers, read in C. */
function cpuTimeOf(workers) {
  if (bare === undefined) return processCpuTime
  const tids = Int32Array.of(process.pid, ...workers.tids)
  return () => bare.sumOfClocks(tids)
}

/** Share of one processor that the threads use while the contestant polls. */
async function share(contestant, cpuTime, hz, seconds) {
  await contestant.start(hz)
  // Half an interval, so that a window holds a whole number of polls and neither end of it has one.
  await sleep(500 / hz)
  const before = cpuTime()
  const start = performance.now()
  await sleep(seconds * 1000)
  const used = cpuTime() - before
  const wall = performance.now() - start
  await contestant.stop()
  return used / (wall * 1e6)
}

/** Waits until the threads use next to nothing of their own accord; not for ever. */
async function settle(cpuTime, progress) {
  progress('waiting until the workers are quiet')
  for (let quiet = 0, turn = 0; quiet < 2 && turn < MAX_SETTLE_TURNS; turn++) {
    const before = cpuTime()
    await sleep(SETTLE_TURN_MS)
    quiet = cpuTime() - before < SETTLE_TURN_MS * 1e6 * QUIET_SHARE ? quiet + 1 : 0
  }
}

async function measure(list, cpuTime, { hz, seconds, rounds }, progress) {
  const present = list.filter(({ missing }) => missing === undefined)
  const shares = new Map(present.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contestant of present) {
      progress(`${hz} Hz, round ${round + 1} of ${rounds}: ${contestant.name}`)
      shares.get(contestant.name).push(await share(contestant, cpuTime, hz, seconds))
    }
  }
  return shares
}

function table(list, hz, shares) {
  const base = median(shares.get(NOTHING))
  const percent = (name) => (median(shares.get(name)) - base) * 100
  return {
    title: `${WORKERS} workers at ${hz} Hz`,
    columns: [
      { key: 'percent', label: '% of one core', unit: 'percent' },
      { key: 'poll', label: 'CPU of a poll', unit: 'ns' },
      { key: 'look', label: 'beyond the timer', unit: 'ns' },
      { key: 'ratio', label: `to ${SAMPLER}`, unit: 'ratio' },
    ],
    rows: list
      .filter(({ name }) => name !== NOTHING)
      .map(({ name, missing }) =>
        missing !== undefined
          ? { name, missing }
          : {
              name,
              percent: percent(name),
              poll: (percent(name) / 100 / hz) * 1e9,
              look: ((percent(name) - percent(EMPTY)) / 100 / hz) * 1e9,
              ratio: percent(name) / percent(SAMPLER),
            },
      ),
  }
}

export default {
  title: 'Polling 64 workers',
  async run({ quick, progress }) {
    // Collections that V8 starts in idle threads, seconds later, to give memory back.
    setFlagsFromString('--no-memory-reducer')
    const workers = new Workers()
    progress(`starting ${WORKERS} workers`)
    await workers.grow(WORKERS)
    const list = contestants(workers)
    const cpuTime = cpuTimeOf(workers)
    // As in a service that has been polling for an hour: compiled, and the workers settled.
    for (const { warm } of list) await warm?.(quick ? 100 : 2000)
    await settle(cpuTime, progress)
    const fast = { hz: 10, seconds: quick ? 0.5 : 2, rounds: quick ? 1 : 2 }
    const slow = { hz: 1, seconds: quick ? 1 : 4, rounds: quick ? 1 : 3 }
    const fastShares = await measure(list, cpuTime, fast, progress)
    const slowShares = await measure(list, cpuTime, slow, progress)
    await workers.close()
    const tables = [table(list, 1, slowShares), table(list, 10, fastShares)]
    return {
      text:
        'CPU of the main thread and of the workers, by their clocks read in C, while the main thread polls ' +
        'or the workers report themselves, less that of the same threads while nobody does. Timers and ' +
        'wake-ups count, and so do caches gone cold between two polls: an empty timer is most of the cost. ' +
        'The helper threads of V8 do not count, and V8 starts no collections in idle threads meanwhile.',
      tables,
      targets: [INTO, SAMPLER].map((name) => ({
        name: `${name}, ${WORKERS} workers at 1 Hz`,
        value: tables[0].rows.find((row) => row.name === name).percent,
        limit: TARGET_PERCENT,
        unit: 'percent',
      })),
    }
  },
}
