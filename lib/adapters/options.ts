import { booleanOption } from '../cpu/threads.js'
import { invalidArgType, outOfRange } from '../errors.js'

/** What every exporter of thread metrics can be told. */
export interface ThreadMetricsOptions {
  /**
   * How many labels workers and threads of unknown purpose may take, over the life of the process.
   * Threads beyond that count under their pool's name. Default 100.
   */
  maxThreads?: number
  /**
   * The shortest window in ms over which event loop utilization and states are formed; who collects
   * sooner gets the values of the last window again. Default 1000.
   */
  minInterval?: number
  /** Context switches: they make a third of the cost of a collection. Default true. */
  contextSwitches?: boolean
}

export interface CollectorOptions {
  maxThreads: number
  minInterval: number
  contextSwitches: boolean
}

function numberOption(name: string, value: unknown, fallback: number, least: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw invalidArgType(name, 'a number', value)
  if (!(value >= least) || value === Number.POSITIVE_INFINITY) {
    throw outOfRange(name, `a finite number of at least ${least}`, value)
  }
  return value
}

function integerOption(name: string, value: unknown, fallback: number, least: number): number {
  const checked = numberOption(name, value, fallback, least)
  if (!Number.isInteger(checked)) throw outOfRange(name, 'an integer', value)
  return checked
}

/** The options that all exporters share, checked and complete. */
export function collectorOptions(options: ThreadMetricsOptions): CollectorOptions {
  return {
    maxThreads: integerOption('options.maxThreads', options.maxThreads, 100, 1),
    minInterval: numberOption('options.minInterval', options.minInterval, 1000, 1),
    contextSwitches: booleanOption('options.contextSwitches', options.contextSwitches, true),
  }
}
