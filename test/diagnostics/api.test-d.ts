// Checked by the compiler (see api-types.test.ts), never run.
import {
  type CaptureDetails,
  type CpuProfile,
  cpuProfile,
  type Diagnostics,
  type DiagnosticThread,
  diagnosticsOf,
  enableDiagnostics,
  type GcProfile,
  gcProfile,
  type HeapProfile,
  type HeapSnapshotFile,
  heapProfile,
  heapSnapshot,
  type KernelView,
  type PartialReason,
  type ProgressEvent,
  type StackReport,
  stack,
  type ThreadResult,
  type Trigger,
  threads,
  toFormat,
  when,
} from 'threadmeter/diagnostics'
import { expectTypeOf } from 'vitest'

// One thread gives its capture, all give one result each.
expectTypeOf(stack()).toEqualTypeOf<Promise<StackReport>>()
expectTypeOf(stack('main')).toEqualTypeOf<Promise<StackReport>>()
expectTypeOf(stack(3)).toEqualTypeOf<Promise<StackReport>>()
expectTypeOf(stack('all')).toEqualTypeOf<Promise<ThreadResult<StackReport>[]>>()
expectTypeOf(cpuProfile('main', { seconds: 1, interval: 100 })).toEqualTypeOf<Promise<CpuProfile>>()
expectTypeOf(cpuProfile('all')).toEqualTypeOf<Promise<ThreadResult<CpuProfile>[]>>()
expectTypeOf(heapProfile(1)).toEqualTypeOf<Promise<HeapProfile>>()
expectTypeOf(heapSnapshot(1, { directory: '/d' })).toEqualTypeOf<Promise<HeapSnapshotFile>>()
expectTypeOf(gcProfile('all')).toEqualTypeOf<Promise<ThreadResult<GcProfile>[]>>()
expectTypeOf(threads()).toEqualTypeOf<Promise<readonly DiagnosticThread[]>>()

const [result] = await stack('all')
if (result !== undefined && 'error' in result) {
  expectTypeOf(result.error.code).toEqualTypeOf<string | undefined>()
  // @ts-expect-error a thread that failed has no value
  result.value
} else if (result !== undefined) {
  expectTypeOf(result.value.state).toEqualTypeOf<'javascript' | 'idle' | 'native'>()
}

// Options, each where it means something.
stack('main', { wait: 5, timeout: 100, signal: new AbortController().signal })
stack('main', { onProgress: (event) => expectTypeOf(event).toEqualTypeOf<ProgressEvent>() })
// @ts-expect-error a stack has no window
stack('main', { seconds: 1 })
// @ts-expect-error only snapshots are written to a directory
cpuProfile('main', { directory: '/d' })
// @ts-expect-error collections are not sampled
gcProfile('main', { interval: 1 })
// @ts-expect-error a snapshot has no window
heapSnapshot('main', { seconds: 1 })
// @ts-expect-error threads are named by text or number
stack({ threadId: 1 })

// What every capture says of itself.
expectTypeOf<CpuProfile['threadmeter']>().toEqualTypeOf<CaptureDetails>()
expectTypeOf<StackReport>().toExtend<CaptureDetails>()
expectTypeOf<CaptureDetails['partial']>().toEqualTypeOf<PartialReason | null>()
expectTypeOf<StackReport['kernel']>().toEqualTypeOf<KernelView>()

// Another process.
expectTypeOf(diagnosticsOf(1)).toEqualTypeOf<Diagnostics>()
expectTypeOf(diagnosticsOf(1).stack('all')).toEqualTypeOf<Promise<ThreadResult<StackReport>[]>>()
expectTypeOf(diagnosticsOf(1).cpuProfile()).toEqualTypeOf<Promise<CpuProfile>>()
// @ts-expect-error a pid is a number
diagnosticsOf('1')

expectTypeOf(enableDiagnostics()).toEqualTypeOf<Promise<void>>()
expectTypeOf(enableDiagnostics).parameter(0).toEqualTypeOf<{ directory?: string } | undefined>()
expectTypeOf(when({ blockedFor: 5 }, { every: 60 })).toEqualTypeOf<Promise<Trigger>>()
// @ts-expect-error one condition
when({})
expectTypeOf(toFormat(await cpuProfile(), 'html')).toEqualTypeOf<string | Uint8Array>()
// @ts-expect-error no format of a CPU profile
toFormat(await cpuProfile(), 'heapprofile')
