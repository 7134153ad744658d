import type {
  CaptureDetails,
  CapturedThread,
  CaptureRequest,
  DiagnosticThread,
  ProgressEvent,
} from './model.js'

/** What a capture brought, ready to be handed on as it is. */
export type CaptureContent =
  /** The whole JSON of a StackReport, CpuProfile, HeapProfile or GcProfile. */
  | { readonly type: 'json'; readonly json: string }
  /** A file that somebody else reads; `dispose` removes it where nobody named its place. */
  | {
      readonly type: 'file'
      readonly path: string
      readonly bytes: number
      readonly details: CaptureDetails
      dispose(): void
    }

/** The outcome for one thread of a request. */
export type CaptureOutcome =
  | { readonly thread: CapturedThread; readonly content: CaptureContent }
  | { readonly thread: CapturedThread; readonly error: unknown }

export interface CaptureContext {
  /** Ends profiles early, with what there is (`partial: 'aborted'`), and all else with its reason. */
  readonly signal: AbortSignal
  readonly onProgress: (event: ProgressEvent) => void
}

/** What runs captures for those who ask, in the helper's thread. */
export interface Engine {
  threads(): Promise<readonly DiagnosticThread[]>
  /**
   * One outcome for each thread asked for, each as soon as it is there. Throws when no thread is meant
   * (ERR_THREADMETER_THREAD_NOT_FOUND, ERR_THREADMETER_THREAD_AMBIGUOUS).
   */
  capture(request: CaptureRequest, context: CaptureContext): AsyncIterable<CaptureOutcome>
}
