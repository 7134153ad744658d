import { describe, expect, it } from 'vitest'
import { ProcessParts } from '../../dist/adapters/process-parts.js'
import { families } from '../../dist/adapters/prom-client/families.js'
import type { ThreadCollector, ThreadReadings } from '../../dist/adapters/thread-collector.js'

// What a host cannot tell is left out; the readings hold it all the same, as a bait.
const readings: ThreadReadings = {
  series: [
    {
      thread: 'main',
      role: 'main',
      threadId: 0,
      user: 2e6,
      system: 1e6,
      runDelay: Number.NaN,
      voluntary: Number.NaN,
      involuntary: Number.NaN,
    },
  ],
  parts: new ProcessParts(),
  live: [
    ['main', 1],
    ['worker', 0],
  ],
  rates: [],
}

function exported(readable: { helpers: boolean; runDelay: boolean; contextSwitches: boolean }) {
  const collector = { readable, errors: 0, collect: () => readings }
  const list = families(collector as unknown as ThreadCollector)
  return new Map(list.map(({ name, samples }) => [name, samples()]))
}

describe('families on a host without /proc', () => {
  const bare = exported({ helpers: false, runDelay: false, contextSwitches: false })

  it('leave out run delay and context switches', () => {
    expect([...bare.keys()]).toEqual([
      'nodejs_thread_cpu_seconds_total',
      'nodejs_thread_event_loop_utilization_ratio',
      'nodejs_thread_state',
      'nodejs_threads',
      'nodejs_process_cpu_seconds_total',
      'nodejs_thread_collect_errors_total',
    ])
  })

  it('leave out the parts that only /proc tells apart', () => {
    const parts = bare.get('nodejs_process_cpu_seconds_total')?.map(({ labels }) => labels.part)
    expect(new Set(parts)).toEqual(new Set(['main', 'workers']))
  })

  it('write what is known, and no sample for what is not', () => {
    const full = exported({ helpers: true, runDelay: true, contextSwitches: true })
    expect(full.get('nodejs_thread_cpu_seconds_total')).toEqual([
      { labels: { thread: 'main', role: 'main', mode: 'user' }, value: 2 },
      { labels: { thread: 'main', role: 'main', mode: 'system' }, value: 1 },
    ])
    expect(full.get('nodejs_thread_run_delay_seconds_total')).toEqual([])
    expect(full.get('nodejs_thread_context_switches_total')).toEqual([])
  })
})
