import { invalidArgType, outOfRange } from '../errors.js'

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Whether Prometheus takes this as the name of a metric. */
export const validateMetricName = (name: string): boolean => METRIC_NAME.test(name)

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null

export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalidArgType(name, 'a string that is not empty', value)
}

export function requireMetricName(value: unknown): string {
  const name = requireText('name', value)
  if (validateMetricName(name)) return name
  throw outOfRange('name', 'a metric name that Prometheus allows', name)
}

/** @param reserved a name that the kind of metric uses itself */
export function requireLabelNames(value: unknown, reserved: string | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalidArgType('labelNames', 'an array of strings', value)
  for (const name of value) {
    if (typeof name !== 'string' || !LABEL_NAME.test(name)) {
      throw outOfRange('labelNames', 'label names that Prometheus allows', value)
    }
    if (name === reserved) {
      throw outOfRange('labelNames', `without "${reserved}", which is reserved`, value)
    }
  }
  return [...value]
}

export const invalidValue = (value: unknown): Error =>
  invalidArgType('value', 'a finite number', value)
