import type { Capabilities, ProcessCpuUsage, ThreadInfo, ThreadSample } from 'threadmeter'

export type Attempt<Value> = { value: Value; code?: undefined } | Failure

interface Failure {
  value?: undefined
  code: string
  message: string
  cause: string | null
}

/** What `fixtures/host.mjs` reports. */
export interface Host {
  capabilities: Capabilities
  usage: Attempt<number>
  time: Attempt<number>
  resources: Attempt<number>
  gettid: Attempt<boolean>
  rename: Attempt<void>
  threads: Attempt<ThreadInfo[]>
  costly: Attempt<(string | null)[]>
  sample: Attempt<ThreadSample[]>
  parts: Attempt<ProcessCpuUsage>
}
