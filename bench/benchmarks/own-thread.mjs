import { readFileSync } from 'node:fs'
import { gettid, threadCpuTime, threadCpuUsage, threadResourceUsage } from 'threadmeter'
import { compare, rowsOf } from '../harness/compare.mjs'
import { fromNode, fromPeer, inC } from '../harness/peers.mjs'
import { pairwise } from '../harness/statistics.mjs'

const ONE_CALL = 'C: clock_gettime(CLOCK_THREAD_CPUTIME_ID)'
const TWO_CALLS = 'C: the same, then getrusage(RUSAGE_THREAD)'

// Written by every loop, so that none can be optimized away.
export let sink

const loop = (call) => ({
  run(times) {
    for (let i = 0; i < times; i++) sink = call()
  },
})

async function contestants() {
  return [
    inC('clock_gettime(CLOCK_THREAD_CPUTIME_ID)', (c, times) => c.ownClock(times)),
    { name: 'threadCpuTime()', ...loop(threadCpuTime) },
    inC('the same, then getrusage(RUSAGE_THREAD)', (c, times) => c.ownClockAndRusage(times)),
    { name: 'threadCpuUsage()', ...loop(threadCpuUsage) },
    { name: 'threadCpuUsage(previous)', ...loop(() => threadCpuUsage({ user: 0, system: 0 })) },
    { name: 'threadResourceUsage()', ...loop(threadResourceUsage) },
    { name: 'gettid()', ...loop(gettid) },
    fromNode('process.threadCpuUsage()', process.threadCpuUsage !== undefined, () =>
      loop(() => process.threadCpuUsage()),
    ),
    { name: 'process.cpuUsage()', ...loop(() => process.cpuUsage()) },
    await fromPeer('thread-cpu-usage', 'thread-cpu-usage', (peer) => loop(peer.threadCpuUsage)),
    inC('getrusage(RUSAGE_THREAD)', (c, times) => c.ownRusage(times)),
    inC('/proc/thread-self/schedstat, kept open', (c, times) => c.ownSchedstat(times)),
    inC('/proc/thread-self/stat, kept open', (c, times) => c.ownStat(times)),
    {
      name: 'readFileSync(/proc/thread-self/stat)',
      ...loop(() => readFileSync('/proc/thread-self/stat', 'utf8')),
    },
  ]
}

/** What a call takes beyond 1.15 times the system calls it is about. */
function target(samples, call, calls) {
  const [own, base] = [samples.get(call), samples.get(calls)]
  if (base === undefined) return []
  const value = pairwise(own.wall, base.wall, (a, b) => a - 1.15 * b)
  return [{ name: `${call} beyond 1.15x ${calls}`, value, limit: 100, unit: 'ns' }]
}

export default {
  title: 'One reading of the calling thread',
  async run({ quick, progress }) {
    const list = await contestants()
    progress(`${list.length} contestants`)
    const samples = await compare(list, { rounds: quick ? 30 : 200, sliceMs: 3 })
    const ratioTo = (name, own) =>
      samples.has(name) ? pairwise(own.wall, samples.get(name).wall, (a, b) => a / b) : undefined
    return {
      text: 'Time of one call. What runs in C are loops over the bare system calls in the same thread.',
      tables: [
        {
          title: 'one reading',
          columns: [
            { key: 'time', label: 'median', unit: 'ns' },
            { key: 'ratio', label: 'to the clock in C', unit: 'ratio' },
            { key: 'toTwo', label: 'to both calls in C', unit: 'ratio' },
          ],
          rows: rowsOf(list, samples, ONE_CALL, (_, own) => ({ toTwo: ratioTo(TWO_CALLS, own) })),
        },
      ],
      targets: [
        ...target(samples, 'threadCpuTime()', ONE_CALL),
        ...target(samples, 'threadCpuUsage()', TWO_CALLS),
      ],
    }
  },
}
