import type {
  Attributes,
  BatchObservableResult,
  Meter,
  MetricOptions,
  Observable,
} from '@opentelemetry/api'
import type { CpuUsage } from '../../cpu/fallback.js'
import { VERDICTS } from '../../cpu/verdict.js'
import { PROCESS_PARTS } from '../process-parts.js'
import type { Readable, ThreadReadings } from '../thread-collector.js'
import type { ThreadSeries } from '../thread-totals.js'

type Observe = (value: number, attributes: Attributes) => void

/** One instrument, and how it is observed. */
interface Instrument extends MetricOptions {
  readonly name: string
  readonly kind: 'counter' | 'upDownCounter' | 'gauge'
  readonly observe: (readings: ThreadReadings, observe: Observe) => void
}

const MICROS_PER_SECOND = 1e6
const NS_PER_SECOND = 1e9

// Attributes of the semantic conventions where they have one, else in the namespace of Node.js.
const THREAD_NAME = 'thread.name'
const THREAD_ID = 'thread.id'
const THREAD_ROLE = 'nodejs.thread.role'
const THREAD_STATE = 'nodejs.thread.state'
const CPU_MODE = 'cpu.mode'
const CPU_PART = 'nodejs.process.cpu.part'
const SWITCH_TYPE = 'process.context_switch.type'

const attributesOf = ({ thread, role, threadId }: ThreadSeries): Attributes => ({
  [THREAD_NAME]: thread,
  [THREAD_ROLE]: role,
  ...(threadId === null ? {} : { [THREAD_ID]: threadId }),
})

function observeModes({ user, system }: CpuUsage, attributes: Attributes, observe: Observe): void {
  observe(user / MICROS_PER_SECOND, { ...attributes, [CPU_MODE]: 'user' })
  observe(system / MICROS_PER_SECOND, { ...attributes, [CPU_MODE]: 'system' })
}

const cpuTime: Instrument = {
  name: 'nodejs.thread.cpu.time',
  kind: 'counter',
  unit: 's',
  description: 'CPU time of the threads of this process. Threads that ended stay counted.',
  observe({ series }, observe) {
    for (const one of series) observeModes(one, attributesOf(one), observe)
  },
}

const runDelay: Instrument = {
  name: 'nodejs.thread.run_delay',
  kind: 'counter',
  unit: 's',
  description: 'Time that threads were ready to run and waited for a processor.',
  observe({ series }, observe) {
    for (const one of series) observe(one.runDelay / NS_PER_SECOND, attributesOf(one))
  },
}

const contextSwitches: Instrument = {
  name: 'nodejs.thread.context_switches',
  kind: 'counter',
  unit: '{context_switch}',
  description:
    'Times that threads left a processor: voluntary to wait, involuntary when preempted.',
  observe({ series }, observe) {
    for (const one of series) {
      const attributes = attributesOf(one)
      observe(one.voluntary, { ...attributes, [SWITCH_TYPE]: 'voluntary' })
      observe(one.involuntary, { ...attributes, [SWITCH_TYPE]: 'involuntary' })
    }
  },
}

const eventLoopUtilization: Instrument = {
  name: 'nodejs.thread.eventloop.utilization',
  kind: 'gauge',
  unit: '1',
  description:
    'Share of the last window in which the event loop did not wait for events; the mean where several threads share a name.',
  observe({ rates }, observe) {
    for (const rate of rates) observe(rate.eventLoopUtilization, attributesOf(rate.series))
  },
}

const state: Instrument = {
  name: 'nodejs.thread.state',
  kind: 'upDownCounter',
  unit: '{thread}',
  description:
    'Number of threads that were mostly busy, starved of a processor, blocked in a synchronous call, or idle, in the last window.',
  observe({ rates }, observe) {
    for (const { series, states } of rates) {
      const attributes = attributesOf(series)
      for (const verdict of VERDICTS) {
        observe(states[verdict], { ...attributes, [THREAD_STATE]: verdict })
      }
    }
  },
}

const count: Instrument = {
  name: 'nodejs.thread.count',
  kind: 'upDownCounter',
  unit: '{thread}',
  description: 'Number of live threads of this process.',
  observe({ live }, observe) {
    for (const [role, threads] of live) observe(threads, { [THREAD_ROLE]: role })
  },
}

const processCpuTime = (parts: readonly (typeof PROCESS_PARTS)[number][]): Instrument => ({
  name: 'nodejs.process.cpu.time',
  kind: 'counter',
  unit: 's',
  description:
    'CPU time of this process by what used it. The parts add up to the process; exited is what threads used that ended without having been seen.',
  observe(readings, observe) {
    for (const part of parts) observeModes(readings.parts[part], { [CPU_PART]: part }, observe)
  },
})

/** The instruments that this host can fill. */
function instruments(readable: Readable): Instrument[] {
  const chosen = [cpuTime]
  if (readable.runDelay) chosen.push(runDelay)
  if (readable.contextSwitches) chosen.push(contextSwitches)
  // Without a view of the helper threads nothing tells them from those that have exited.
  const parts = readable.helpers ? PROCESS_PARTS : (['main', 'workers'] as const)
  return [...chosen, eventLoopUtilization, state, count, processCpuTime(parts)]
}

function create(meter: Meter, { name, kind, unit, description }: Instrument): Observable {
  const options = { unit, description } as MetricOptions
  switch (kind) {
    case 'counter':
      return meter.createObservableCounter(name, options)
    case 'upDownCounter':
      return meter.createObservableUpDownCounter(name, options)
    case 'gauge':
      return meter.createObservableGauge(name, options)
  }
}

/** The instruments, and what observes them all from one set of readings. */
export interface CreatedInstruments {
  readonly observables: Observable[]
  readonly observe: (readings: ThreadReadings, result: BatchObservableResult) => void
}

/** Creates the instruments that this host can fill. */
export function createInstruments(meter: Meter, readable: Readable): CreatedInstruments {
  const created = instruments(readable).map((one) => ({ one, observable: create(meter, one) }))
  return {
    observables: created.map(({ observable }) => observable),
    observe(readings, result) {
      for (const { one, observable } of created) {
        one.observe(readings, (value, attributes) => {
          // What is not known is left out, not 0.
          if (!Number.isNaN(value)) result.observe(observable, value, attributes)
        })
      }
    },
  }
}
