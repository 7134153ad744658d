// What the screen shows, from one look to the next: no terminal here, only figures.
import { processCpuUsage, ThreadSampler } from 'threadmeter'
import { doingOf, processors } from './cast.mjs'

const HISTORY = 60
const ROLES = ['main', 'worker', 'libuv', 'v8', 'inspector', 'observer', 'other']
const MICROS_PER_MS = 1000

const sumOf = ({ user, system }) => user + system

/** The CPU time of the process by part, in µs; null where /proc cannot be used. */
function processParts() {
  try {
    const usage = processCpuUsage()
    return Object.fromEntries(Object.entries(usage).map(([part, cpu]) => [part, sumOf(cpu)]))
  } catch (error) {
    if (error.code === 'ERR_THREADMETER_PROCFS_UNAVAILABLE') return null
    throw error
  }
}

/** The value below which 95 % of `values` lie. */
export function percentile95(values) {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1]
}

const byRole = (a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role)

/** Looks at the threads and the service each time it is asked, and tells what happened since. */
export function createModel(service) {
  const sampler = new ThreadSampler()
  const histories = new Map()
  let before = { at: performance.now(), cpu: sumOf(process.cpuUsage()) }

  function history({ tid, name, cpu, verdict }, kept) {
    const key = `${tid} ${name}`
    const looks = [...(histories.get(key) ?? []), { cpu, verdict }].slice(-HISTORY)
    kept.set(key, looks)
    return looks
  }

  function threads() {
    const kept = new Map()
    const rows = sampler
      .sample()
      .map((sample) => ({
        ...sample,
        count: 1,
        doing: doingOf(sample),
        history: history(sample, kept),
      }))
      .sort(byRole)
    histories.clear()
    for (const [key, looks] of kept) histories.set(key, looks)
    return rows
  }

  return {
    look() {
      const now = { at: performance.now(), cpu: sumOf(process.cpuUsage()) }
      const elapsed = now.at - before.at
      const durations = service.takeDurations()
      const view = {
        threads: threads(),
        process: {
          processors,
          coresUsed: (now.cpu - before.cpu) / MICROS_PER_MS / elapsed,
          parts: processParts(),
        },
        service: {
          url: `${service.url}/metrics`,
          perSecond: (durations.length / elapsed) * 1000,
          p95: percentile95(durations),
        },
      }
      before = now
      return view
    },
  }
}
