import { invalidArgType } from '../errors.js'
import { Family } from './family.js'
import type { RegistrableMetric } from './types.js'
import { isObject } from './validation.js'

/** What a registry knows of a metric: those made here have a family, others only what `get()` gives. */
export interface Held {
  readonly metric: RegistrableMetric & {
    readonly aggregator?: string
    collect?: () => unknown
    reset?(): void
  }
  readonly family: Family | undefined
}

/** @throws TypeError: nothing that a registry could show */
export function heldOf(metric: unknown): Held {
  if (isObject(metric) && typeof (metric as RegistrableMetric).get === 'function') {
    const { family } = metric as { family?: unknown }
    return {
      metric: metric as Held['metric'],
      family: family instanceof Family ? family : undefined,
    }
  }
  throw invalidArgType('metric', 'a metric', metric)
}
