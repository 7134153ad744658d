import { createRequire } from 'node:module'
import { threads } from 'threadmeter'
import { type PrometheusThreadMetricsOptions, threadMetrics } from 'threadmeter/prom-client'
import { afterEach, describe } from 'vitest'

export type Client = typeof import('prom-client')

type Labels = Record<string, string | number>

export interface Family {
  name: string
  help: string
  type: string
  values: { value: number; labels: Labels }[]
}

export const SECOND = 1e6

export const COUNTERS = {
  cpu: 'nodejs_thread_cpu_seconds_total',
  runDelay: 'nodejs_thread_run_delay_seconds_total',
  switches: 'nodejs_thread_context_switches_total',
  process: 'nodejs_process_cpu_seconds_total',
  errors: 'nodejs_thread_collect_errors_total',
}

export const GAUGES = {
  utilization: 'nodejs_thread_event_loop_utilization_ratio',
  state: 'nodejs_thread_state',
  threads: 'nodejs_threads',
}

/** The sum over the samples of a family whose labels match; NaN when there is none. */
export function value(families: readonly Family[], name: string, match: Labels = {}): number {
  const samples = families
    .filter((family) => family.name === name)
    .flatMap(({ values }) => values)
    .filter(({ labels }) => Object.entries(match).every(([key, is]) => labels[key] === is))
  return samples.length === 0 ? Number.NaN : samples.reduce((sum, one) => sum + one.value, 0)
}

export const microsOf = (role: string): number =>
  threads()
    .filter((thread) => thread.role === role)
    .reduce((sum, { cpu }) => sum + cpu.user + cpu.system, 0)

export const processMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

type Options = Omit<PrometheusThreadMetricsOptions, 'register'>

let close = (): void => {}

/** A registry of that client, with thread metrics until the end of the test. */
function setUpWith(client: Client, options: Options = {}) {
  const register = new client.Registry()
  const handle = threadMetrics({ register, ...options })
  close = () => handle.close()
  const json = async (): Promise<Family[]> =>
    (await register.getMetricsAsJSON()) as unknown as Family[]
  return { register, handle, json }
}

/** What a test of the contract gets: one of the clients. */
export interface Contract {
  name: string
  client: Client
  setUp: (options?: Options) => ReturnType<typeof setUpWith>
}

// They are required as an application's own copy would be: the adapter must not need to know which of
// them made the registry.
const require = createRequire(import.meta.url)

/** One contract for both clients. */
export function describeClients(title: string, tests: (contract: Contract) => void): void {
  describe.each(['prom-client', '@prometheus-io/client'])(`${title}, with %s`, (name) => {
    const client = require(name) as Client
    afterEach(() => close())
    tests({ name, client, setUp: (options) => setUpWith(client, options) })
  })
}
