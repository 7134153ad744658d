import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { SAMPLE_ROW, THREAD_ROW, ThreadSampler, threads, threadsInto } from 'threadmeter'
import { compare, rowsOf } from '../harness/compare.mjs'
import { fromNode, inC } from '../harness/peers.mjs'
import { median } from '../harness/statistics.mjs'
import { readTaskText } from '../harness/task-text.mjs'
import { Workers } from '../harness/workers.mjs'

// For the first second after it was first seen a thread is looked at closer, until it has its name.
const SETTLED_MS = 1500
const CPU_TARGET_NS = 1000
const DELAY_TARGET_NS = 3000
const REFERENCE = 'C: the clock of each thread'
const CPU = 'threadsInto(rows)'
const DELAY = 'threadsInto(rows, { runDelay })'

const repeat = (look, per) => ({
  per,
  run(times) {
    for (let i = 0; i < times; i++) look()
  },
})

function contestants(workers) {
  const tids = Int32Array.from(readdirSync('/proc/self/task'), Number)
  const rows = new Float64Array(tids.length * THREAD_ROW.length)
  const sampled = new Float64Array(tids.length * SAMPLE_ROW.length)
  const sampler = new ThreadSampler()
  const into = (options) => repeat(() => threadsInto(rows, options), tids.length)
  const ask = () => Promise.all(workers.list.map((worker) => worker.cpuUsage()))
  return [
    { per: tids.length, ...inC('the clock of each thread', (c, times) => c.clocks(times, tids)) },
    { name: CPU, ...into() },
    { name: 'threadsInto(rows, { cpu })', ...into({ cpu: true }) },
    {
      per: tids.length,
      ...inC('clock and schedstat, kept open', (c, times) => c.clocksAndSchedstats(times, tids)),
    },
    { name: DELAY, ...into({ runDelay: true }) },
    { name: 'threadsInto(rows, { cpu, runDelay })', ...into({ cpu: true, runDelay: true }) },
    { name: 'sampler.sampleInto(rows)', ...repeat(() => sampler.sampleInto(sampled), tids.length) },
    { name: 'sampler.sample()', ...repeat(() => sampler.sample(), tids.length) },
    { name: 'threads()', ...repeat(() => threads(), tids.length) },
    fromNode('worker.cpuUsage() of each', workers.list[0].cpuUsage !== undefined, () => ({
      per: workers.list.length,
      async run(times) {
        for (let i = 0; i < times; i++) await ask()
      },
    })),
    { name: 'readFileSync(/proc/…/stat) of each', ...repeat(readTaskText, tids.length) },
  ]
}

/** A look with run delay that lacks some threads' would be cheap for the wrong reason. */
function withoutDelay() {
  const rows = new Float64Array(2048 * THREAD_ROW.length)
  const count = threadsInto(rows, { runDelay: true })
  let missing = 0
  for (let row = 0; row < count; row++) {
    if (Number.isNaN(rows[row * THREAD_ROW.length + THREAD_ROW.runDelay])) missing++
  }
  return missing
}

async function measure(workers, label, options) {
  const list = contestants(workers)
  const missing = withoutDelay()
  const samples = await compare(list, options)
  const note = missing > 0 ? `, ${missing} threads without run delay` : ''
  return {
    table: {
      title: `${label} (${list[0].per} threads${note})`,
      columns: [
        { key: 'time', label: 'a look', unit: 'ns' },
        { key: 'perThread', label: 'per thread', unit: 'ns' },
        { key: 'ratio', label: 'to the clocks in C', unit: 'ratio' },
      ],
      rows: rowsOf(list, samples, REFERENCE, ({ per }, own) => ({
        perThread: median(own.wall) / per,
      })),
    },
    targets: [
      [CPU, CPU_TARGET_NS],
      [DELAY, DELAY_TARGET_NS],
    ].map(([name, limit]) => ({
      name: `${name} per thread, ${label}`,
      value: median(samples.get(name).wall) / list[0].per,
      limit,
      unit: 'ns',
    })),
  }
}

/** Half of the processors, so that the looks themselves are not starved. */
const BURNING = Math.max(Math.floor(availableParallelism() / 2), 1)

async function measureAll(workers, quick, progress) {
  const options = { rounds: quick ? 8 : 60, sliceMs: quick ? 3 : 6 }
  const measured = []
  const add = async (label, how) => {
    progress(label)
    measured.push(await measure(workers, label, how))
  }
  for (const count of [8, 64, 256]) {
    await workers.grow(count)
    threads()
    await sleep(SETTLED_MS)
    await add(`${count} idle workers`, options)
    if (count !== 64) continue
    workers.burn(BURNING)
    await add(`${count} workers, ${BURNING} busy`, options)
    await workers.rest(BURNING)
    await add(`${count} workers that have just run`, {
      rounds: options.rounds,
      before: () => workers.command(() => 'nothing'),
    })
  }
  return measured
}

export default {
  title: 'One look at every thread',
  async run({ quick, progress }) {
    const workers = new Workers()
    const measured = await measureAll(workers, quick, progress)
    await workers.close()
    return {
      text:
        'Time of one look at all threads of the process (the workers, the main thread and the helpers); ' +
        'worker.cpuUsage() sees the workers alone, and its work is done in them. Looks follow each other ' +
        'at once, with warm caches, but for the workers that have just run: there every worker handles a ' +
        'message before each look, so that nothing of it is warm and nothing is as it was.',
      tables: measured.map(({ table }) => table),
      targets: measured.flatMap(({ targets }) => targets),
    }
  },
}
