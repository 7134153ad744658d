import { openSync, readFileSync, readSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { threadCpuTime, threadCpuUsage } from 'threadmeter'
import { fromNode, fromPeer } from '../harness/peers.mjs'
import { median, quantile } from '../harness/statistics.mjs'

const TASKS_MS = [0.2, 1, 10]
const MAX_PHASE_MS = 8
const TICK_NS = 1e7
// Longer than a timer interrupt, shorter than any slice of another thread or of the host.
const MAX_STANDSTILL_MS = 0.25
const MAX_ATTEMPTS = 2

const usageNs = ({ user, system }) => (user + system) * 1e3

function statNs() {
  const stat = readFileSync('/proc/thread-self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_NS
}

async function methods() {
  return [
    { name: 'threadCpuTime()', read: threadCpuTime },
    { name: 'threadCpuUsage()', read: () => usageNs(threadCpuUsage()) },
    fromNode('process.threadCpuUsage()', process.threadCpuUsage !== undefined, () => ({
      read: () => usageNs(process.threadCpuUsage()),
    })),
    await fromPeer('thread-cpu-usage', 'thread-cpu-usage', (peer) => ({
      read: () => usageNs(peer.threadCpuUsage()),
    })),
    { name: 'process.cpuUsage()', read: () => usageNs(process.cpuUsage()) },
    { name: '/proc/thread-self/stat', read: statNs },
  ]
}

/**
 * Makes no system call, so nothing but the method under test makes the kernel bring its books up to date.
 *
 * @returns the longest time in ms for which the loop stood still
 */
function burn(ms) {
  let last = performance.now()
  let longest = 0
  for (const end = last + ms; last < end; ) {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  return longest
}

const STATUS = openSync('/proc/thread-self/status', 'r')
const buffer = Buffer.alloc(8192)

/** How often the kernel took this thread off its processor, or it gave it up, so far. */
function switches() {
  const text = buffer.latin1Slice(0, readSync(STATUS, buffer, 0, buffer.length, 0))
  return [...text.matchAll(/ctxt_switches:\t(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}

/**
 * One task between two readings. A task during which the thread was never switched off its processor,
 * and the processor never taken away by the host, used it all the time it took, so a wall clock says how
 * much CPU that was: no CPU clock is its own judge.
 *
 * @returns ns measured and ns true, or undefined when the task was interrupted
 */
function attempt(read, taskMs) {
  // At any moment of a timer tick.
  burn(Math.random() * MAX_PHASE_MS)
  const switchesBefore = switches()
  const before = read()
  const start = performance.now()
  const standstill = burn(taskMs)
  const wall = performance.now() - start
  const measured = read() - before
  const undisturbed = switches() === switchesBefore && standstill < MAX_STANDSTILL_MS
  return undisturbed ? { measured, truth: wall * 1e6 } : undefined
}

/** The methods in turns, until each has its tasks; on a busy machine that may never be. */
function errors(list, taskMs, tasks) {
  const results = new Map(list.map(({ name }) => [name, []]))
  let discarded = 0
  for (let turn = 0; turn < tasks * MAX_ATTEMPTS; turn++) {
    const open = list.filter(({ name }) => results.get(name).length < tasks)
    if (open.length === 0) break
    for (const { name, read } of open) {
      const result = attempt(read, taskMs)
      if (result === undefined) discarded++
      else results.get(name).push(result)
    }
  }
  return { results, discarded }
}

function table(list, taskMs, { results, discarded }) {
  return {
    title: `${taskMs} ms tasks (${discarded} discarded)`,
    columns: [
      { key: 'median', label: 'median error', unit: 'ns' },
      { key: 'p90', label: '90 % within', unit: 'ns' },
      { key: 'max', label: 'largest', unit: 'ns' },
      { key: 'zeros', label: 'read as exactly 0', unit: 'share' },
      { key: 'tries', label: 'tasks', unit: 'count' },
    ],
    rows: list.map(({ name, missing }) => {
      if (missing !== undefined) return { name, missing }
      const tries = results.get(name)
      const off = tries.map(({ measured, truth }) => Math.abs(measured - truth))
      return {
        name,
        median: median(off),
        p90: quantile(off, 0.9),
        max: quantile(off, 1),
        zeros: tries.filter(({ measured }) => measured === 0).length / tries.length,
        tries: tries.length,
      }
    }),
  }
}

export default {
  title: 'The error of each method for short tasks',
  async run({ quick, progress }) {
    const list = await methods()
    const present = list.filter(({ missing }) => missing === undefined)
    const tables = []
    for (const taskMs of TASKS_MS) {
      progress(`${taskMs} ms tasks`)
      tables.push(table(list, taskMs, errors(present, taskMs, quick ? 30 : 200)))
    }
    return {
      text:
        'Busy loops, bracketed by two readings. The truth is the wall clock of those loops during which ' +
        'the thread was never switched off its processor nor the loop held up otherwise (the others are ' +
        'discarded). The time of the readings themselves counts as error.',
      tables,
      targets: [],
    }
  },
}
