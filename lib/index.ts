export { type Capabilities, capabilities } from './capabilities.js'
export type { Capability } from './capability.js'
export type { CpuUsage } from './cpu/fallback.js'
export type { ThreadIdentity } from './cpu/look.js'
export { type CpuMeasurement, measureCpu } from './cpu/measure.js'
export {
  gettid,
  setThreadName,
  type ThreadResourceUsage,
  threadCpuTime,
  threadCpuUsage,
  threadResourceUsage,
} from './cpu/own-thread.js'
export { type ProcessCpuUsage, processCpuUsage } from './cpu/process.js'
export { THREAD_ROLES, type ThreadRole } from './cpu/roles.js'
export { THREAD_ROW } from './cpu/row.js'
export { SAMPLE_ROW, type ThreadSample, ThreadSampler } from './cpu/sampler.js'
export {
  type ThreadInfo,
  type ThreadState,
  type ThreadsIntoOptions,
  type ThreadsOptions,
  threads,
  threadsInto,
} from './cpu/threads.js'
export { STARVED_RUN_DELAY, STARVED_SLOWDOWN, VERDICTS, type Verdict } from './cpu/verdict.js'
export { ThreadmeterError, type ThreadmeterErrorCode } from './errors.js'
