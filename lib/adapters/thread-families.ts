/** A family as every exposition of thread metrics describes it. */
export interface ThreadFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly aggregator: 'sum' | 'average'
  readonly labelNames: readonly string[]
}

/** The families of thread metrics that can be read from outside the threads. */
export const THREAD_FAMILIES = {
  cpu: {
    name: 'nodejs_thread_cpu_seconds_total',
    help: 'CPU time of the threads of this process. Threads that ended stay counted.',
    type: 'counter',
    aggregator: 'sum',
    labelNames: ['thread', 'role', 'mode'],
  },
  runDelay: {
    name: 'nodejs_thread_run_delay_seconds_total',
    help: 'Time that threads were ready to run and waited for a processor.',
    type: 'counter',
    aggregator: 'sum',
    labelNames: ['thread', 'role'],
  },
  contextSwitches: {
    name: 'nodejs_thread_context_switches_total',
    help: 'Times that threads left a processor: voluntary to wait, involuntary when preempted.',
    type: 'counter',
    aggregator: 'sum',
    labelNames: ['thread', 'role', 'kind'],
  },
  eventLoopUtilization: {
    name: 'nodejs_thread_event_loop_utilization_ratio',
    help: 'Share of the last window in which the event loop did not wait for events; the mean where several threads share a label.',
    type: 'gauge',
    aggregator: 'average',
    labelNames: ['thread', 'role'],
  },
  state: {
    name: 'nodejs_thread_state',
    help: 'Number of threads that were mostly busy, starved of a processor, blocked in a synchronous call, or idle, in the last window.',
    type: 'gauge',
    aggregator: 'sum',
    labelNames: ['thread', 'role', 'state'],
  },
  threads: {
    name: 'nodejs_threads',
    help: 'Number of live threads of this process.',
    type: 'gauge',
    aggregator: 'sum',
    labelNames: ['role'],
  },
  processCpu: {
    name: 'nodejs_process_cpu_seconds_total',
    help: 'CPU time of this process by what used it. The parts add up to the process; exited is what threads used that ended without having been seen.',
    type: 'counter',
    aggregator: 'sum',
    labelNames: ['part', 'mode'],
  },
} as const satisfies Record<string, ThreadFamily>
