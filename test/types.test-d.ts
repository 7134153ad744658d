// Checked by the compiler (see types.test.ts), never run.
import {
  type Capabilities,
  type Capability,
  type CpuMeasurement,
  type CpuUsage,
  capabilities,
  gettid,
  measureCpu,
  type ProcessCpuUsage,
  processCpuUsage,
  SAMPLE_ROW,
  setThreadName,
  THREAD_ROLES,
  THREAD_ROW,
  type ThreadInfo,
  ThreadmeterError,
  type ThreadmeterErrorCode,
  type ThreadResourceUsage,
  type ThreadRole,
  type ThreadSample,
  ThreadSampler,
  type ThreadState,
  threadCpuTime,
  threadCpuUsage,
  threadResourceUsage,
  threads,
  threadsInto,
  VERDICTS,
  type Verdict,
} from 'threadmeter'
import { expectTypeOf } from 'vitest'

// The calling thread.
expectTypeOf(threadCpuUsage).parameters.toEqualTypeOf<[previous?: CpuUsage | undefined]>()
expectTypeOf(threadCpuUsage).returns.toEqualTypeOf<CpuUsage>()
expectTypeOf<CpuUsage>().toEqualTypeOf<{ user: number; system: number }>()
expectTypeOf<CpuUsage>().toEqualTypeOf<NodeJS.CpuUsage>()
expectTypeOf(threadCpuUsage(process.cpuUsage())).toEqualTypeOf<NodeJS.CpuUsage>()
expectTypeOf(threadCpuTime()).toEqualTypeOf<number>()
expectTypeOf(gettid()).toEqualTypeOf<number>()
expectTypeOf(threadResourceUsage()).toEqualTypeOf<ThreadResourceUsage>()
expectTypeOf<NodeJS.ResourceUsage>().toExtend<ThreadResourceUsage>()
expectTypeOf(setThreadName).parameters.toEqualTypeOf<[name: string]>()
expectTypeOf(setThreadName('name')).toEqualTypeOf<void>()
// @ts-expect-error a name is required
setThreadName()
// @ts-expect-error both parts are required
threadCpuUsage({ user: 1 })

// measureCpu() follows the function.
expectTypeOf(measureCpu(() => 1)).toEqualTypeOf<CpuMeasurement<number>>()
expectTypeOf(measureCpu(async () => 'x')).toEqualTypeOf<Promise<CpuMeasurement<string>>>()
expectTypeOf(measureCpu(() => ({}) as PromiseLike<bigint>)).toEqualTypeOf<
  Promise<CpuMeasurement<bigint>>
>()
expectTypeOf(measureCpu(() => {}).value).toEqualTypeOf<void>()
// @ts-expect-error the function gets no arguments
measureCpu((argument: number) => argument)

// All threads.
expectTypeOf(threads()).toEqualTypeOf<ThreadInfo[]>()
expectTypeOf<ThreadInfo['role']>().toEqualTypeOf<ThreadRole>()
expectTypeOf<ThreadInfo['threadId']>().toEqualTypeOf<number | null>()
expectTypeOf<ThreadInfo['runDelay']>().toEqualTypeOf<number | null>()
expectTypeOf<ThreadInfo['state']>().toEqualTypeOf<ThreadState | null>()
threads({ runDelay: false, contextSwitches: true, state: true })
// @ts-expect-error an option that threads() does not have
threads({ cpu: true })
// @ts-expect-error options are booleans
threads({ state: 1 })
expectTypeOf(threadsInto(new Float64Array(14), { cpu: true })).toEqualTypeOf<number>()
// @ts-expect-error no other typed array
threadsInto(new Float32Array(14))
expectTypeOf(THREAD_ROW.length).toEqualTypeOf<14>()
expectTypeOf(THREAD_ROLES).toEqualTypeOf<readonly ThreadRole[]>()
expectTypeOf<ThreadRole>().toEqualTypeOf<
  'main' | 'worker' | 'libuv' | 'v8' | 'inspector' | 'observer' | 'other'
>()
// @ts-expect-error the columns are fixed
THREAD_ROW.tid = 3

// The sampler.
const sampler = new ThreadSampler()
expectTypeOf(sampler.sample()).toEqualTypeOf<ThreadSample[]>()
expectTypeOf(sampler.sampleInto(new Float64Array(11))).toEqualTypeOf<number>()
expectTypeOf<ThreadSample['verdict']>().toEqualTypeOf<Verdict>()
expectTypeOf<ThreadSample['eventLoopUtilization']>().toEqualTypeOf<number | null>()
expectTypeOf(SAMPLE_ROW.length).toEqualTypeOf<11>()
expectTypeOf(VERDICTS).toEqualTypeOf<readonly Verdict[]>()
expectTypeOf<Verdict>().toEqualTypeOf<'busy' | 'starved' | 'blocked' | 'idle'>()
// Only what has been sampled has an identity.
expectTypeOf(sampler.identity(1)?.name).toEqualTypeOf<string | undefined>()

// The process and the host.
expectTypeOf(processCpuUsage()).toEqualTypeOf<ProcessCpuUsage>()
expectTypeOf<keyof ProcessCpuUsage>().toEqualTypeOf<
  'main' | 'workers' | 'helpers' | 'exited' | 'total'
>()
expectTypeOf(capabilities()).toEqualTypeOf<Capabilities>()
const capability = capabilities().allThreads as Capability
if (capability.available) expectTypeOf(capability.source).toEqualTypeOf<string>()
else expectTypeOf(capability.reason).toEqualTypeOf<string>()
// @ts-expect-error a reason is there only for what is not available
capability.reason

const error = new ThreadmeterError('ERR_THREADMETER_MAIN_THREAD', ['a call'])
expectTypeOf(error).toExtend<Error>()
expectTypeOf(error.code).toEqualTypeOf<ThreadmeterErrorCode>()
// @ts-expect-error codes come from one table
new ThreadmeterError('ERR_OTHER', [])
