// What the helper costs while nobody asks, beside a worker that does nothing.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../harness/statistics.mjs'
import { BenchProcess } from './process.mjs'

const KINDS = [
  { kind: 'helper', name: 'helper of diagnostics' },
  { kind: 'worker', name: 'an empty worker' },
  { kind: 'nothing', name: 'neither' },
]

const numberIn = (path, pattern) => Number(pattern.exec(readFileSync(path, 'utf8'))?.[1])

const rss = (pid) => numberIn(`/proc/${pid}/smaps_rollup`, /^Rss:\s+(\d+) kB$/m) * 1024
const tasks = (pid) => readdirSync(`/proc/${pid}/task`)

/** CPU in ns and how often it was woken. */
const lookAt = (pid, tid) => ({
  cpu: numberIn(`/proc/${pid}/task/${tid}/schedstat`, /^(\d+)/),
  wakes: numberIn(`/proc/${pid}/task/${tid}/status`, /^voluntary_ctxt_switches:\s+(\d+)$/m),
})

/** How much the process grew by its one more thread. */
async function start({ kind, name }, settleMs) {
  const process = new BenchProcess('at-rest', { args: [kind] })
  await process.ready()
  await process.ask({ bench: 'collect' })
  await sleep(settleMs)
  const [before, threads] = [rss(process.pid), new Set(tasks(process.pid))]
  await process.ask({ bench: 'add' })
  await sleep(settleMs)
  const added = tasks(process.pid).filter((tid) => !threads.has(tid))
  return { name, process, grown: rss(process.pid) - before, added }
}

async function rest({ process, added }, seconds) {
  const look = () => added.map((tid) => lookAt(process.pid, tid))
  const before = look()
  await sleep(seconds * 1000)
  const after = look()
  const sum = (key) => after.reduce((total, now, i) => total + now[key] - before[i][key], 0)
  return { threads: added.length, cpu: sum('cpu'), wakes: sum('wakes') }
}

/** Several of each kind, all at once: they do nothing, so none is in another's way. */
export async function measureRest({ seconds, settleMs, times }) {
  const started = await Promise.all(
    KINDS.flatMap((kind) => Array.from({ length: times }, () => start(kind, settleMs))),
  )
  try {
    const rests = await Promise.all(started.map((each) => rest(each, seconds)))
    return KINDS.map(({ name }) => {
      const own = started.flatMap((each, i) =>
        each.name === name ? [{ ...each, ...rests[i] }] : [],
      )
      const middle = (key) => median(own.map((each) => each[key]))
      const [threads, cpu, wakes, grown] = ['threads', 'cpu', 'wakes', 'grown'].map(middle)
      return { name, threads, cpu, wakes, grown }
    })
  } finally {
    await Promise.all(started.map(({ process }) => process.end()))
  }
}

export const columnsOf = (seconds) => [
  { key: 'threads', label: 'threads more', unit: 'count' },
  { key: 'cpu', label: `their CPU in ${seconds} s`, unit: 'ns' },
  { key: 'wakes', label: 'woken', unit: 'count' },
  { key: 'grown', label: 'RSS more', unit: 'bytes' },
]
