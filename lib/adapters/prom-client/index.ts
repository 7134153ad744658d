import { optionsObject } from '../../cpu/threads.js'
import { invalidArgType, outOfRange, ThreadmeterError } from '../../errors.js'
import { collectorOptions, type ThreadMetricsOptions } from '../options.js'
import { ThreadCollector } from '../thread-collector.js'
import { families } from './families.js'
import { CollectedMetric, type MetricDefinition } from './metric.js'

export type { ThreadMetricsOptions } from '../options.js'

/** What is asked of a registry: prom-client 15 and @prometheus-io/client 0.16 have it. */
export interface PrometheusRegister {
  registerMetric(metric: never): void
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

/** What {@link threadMetrics} takes. */
export interface PrometheusThreadMetricsOptions extends ThreadMetricsOptions {
  /** The registry to add the metrics to. */
  register: PrometheusRegister
  /** Put before every metric's name. Default none. */
  prefix?: string
  /** Labels to add to every sample. Default none. */
  labels?: Readonly<Record<string, string>>
}

/** What {@link threadMetrics} returns. */
export interface ThreadMetrics {
  /** Takes the metrics off the registry. Can be called again, without effect. */
  close(): void
}

const METHODS = ['registerMetric', 'getSingleMetric', 'removeSingleMetric'] as const
const METRIC_PREFIX = /^(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?$/
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/

function checkedRegister(register: unknown): PrometheusRegister {
  if (typeof register !== 'object' || register === null) {
    throw invalidArgType('options.register', 'a registry', register)
  }
  for (const method of METHODS) {
    if (typeof (register as Record<string, unknown>)[method] === 'function') continue
    throw new ThreadmeterError('ERR_THREADMETER_NOT_PROMETHEUS', [
      'threadMetrics()',
      `options.register has no ${method}()`,
    ])
  }
  return register as PrometheusRegister
}

function checkedPrefix(prefix: unknown = ''): string {
  if (typeof prefix !== 'string') throw invalidArgType('options.prefix', 'a string', prefix)
  if (!METRIC_PREFIX.test(prefix)) {
    throw outOfRange('options.prefix', 'the beginning of a metric name', prefix)
  }
  return prefix
}

function checkedLabels(
  labels: unknown,
  definitions: readonly MetricDefinition[],
): Record<string, string> {
  if (labels === undefined) return {}
  if (typeof labels !== 'object' || labels === null) {
    throw invalidArgType('options.labels', 'an object', labels)
  }
  const taken = new Set(definitions.flatMap(({ labelNames }) => labelNames))
  for (const [name, value] of Object.entries(labels)) {
    if (!LABEL_NAME.test(name) || taken.has(name)) {
      throw outOfRange('options.labels', 'labels with names that are valid and not taken', name)
    }
    if (typeof value !== 'string') {
      throw invalidArgType(`options.labels.${name}`, 'a string', value)
    }
  }
  // A copy: a change to the caller's object must not reach what is exported.
  return { ...(labels as Record<string, string>) }
}

/** The same family under the caller's prefix and labels. */
function decorate(
  definition: MetricDefinition,
  prefix: string,
  extra: Readonly<Record<string, string>>,
): MetricDefinition {
  const { name, labelNames, samples } = definition
  return {
    ...definition,
    name: prefix + name,
    labelNames: [...labelNames, ...Object.keys(extra)],
    samples: () =>
      samples().map(({ labels, value }) => ({ labels: { ...labels, ...extra }, value })),
  }
}

/**
 * Adds the CPU, run-queue delay, context switches, event loop utilization and state of every thread of
 * this process to a registry of prom-client 15 or @prometheus-io/client 0.16. They are read when the
 * registry is asked for its metrics, in the thread that asks, and no other thread takes part: a blocked
 * worker neither delays the scrape nor is missing from it.
 *
 * Counters cover the process from its start and never go down. Labels are bounded: workers that share a
 * name share their series, and once `maxThreads` names were seen, further threads count under the name
 * of their pool. docs/prometheus.md has the families and queries.
 *
 * Cost of a scrape: about 30 µs a thread, or 20 without context switches; all of it in the asking thread.
 *
 * @throws {TypeError|RangeError} `ERR_THREADMETER_INVALID_ARG_TYPE`, `ERR_THREADMETER_OUT_OF_RANGE` for bad
 * options, and for a registry that has these metrics already
 * @throws {ThreadmeterError} `ERR_THREADMETER_NOT_PROMETHEUS` when `register` is no registry of these
 * clients; `ERR_THREADMETER_ADDON_UNAVAILABLE`
 *
 * @example
 * ```js server
 * import { createServer } from 'node:http'
 * import { register } from 'prom-client'
 * import { threadMetrics } from 'threadmeter/prom-client'
 *
 * threadMetrics({ register })
 * createServer(async (_request, response) => {
 *   response.setHeader('content-type', register.contentType)
 *   response.end(await register.metrics())
 * }).listen(0, '127.0.0.1')
 * ```
 */
export function threadMetrics(options: PrometheusThreadMetricsOptions): ThreadMetrics {
  const given = optionsObject<Partial<PrometheusThreadMetricsOptions>>(options)
  const register = checkedRegister(given.register)
  const prefix = checkedPrefix(given.prefix)
  const collector = new ThreadCollector('threadMetrics()', collectorOptions(given))
  const definitions = families(collector)
  const labels = checkedLabels(given.labels, definitions)
  const metrics = definitions.map(
    (definition) => new CollectedMetric(decorate(definition, prefix, labels)),
  )
  for (const { name } of metrics) {
    if (register.getSingleMetric(name) === undefined) continue
    const expected = `a registry without ${name}: close() the earlier threadMetrics() or set a prefix`
    throw outOfRange('options.register', expected, register)
  }
  for (const metric of metrics) register.registerMetric(metric as never)
  return {
    close() {
      for (const metric of metrics) {
        if (register.getSingleMetric(metric.name) === metric) {
          register.removeSingleMetric(metric.name)
        }
      }
    },
  }
}
