import type { Readable } from 'node:stream'
import type { DoorInfo } from './door/protocol.js'
import type {
  CaptureDetails,
  CapturedThread,
  CaptureRequest,
  DiagnosticThread,
  ProgressEvent,
} from './model.js'

/** A capture as it comes in. Its body must be read to the end before the next one is asked for. */
export type ReceivedCapture =
  | {
      readonly thread: CapturedThread
      readonly bytes: number
      readonly body: Readable
      /** Of a heap snapshot, which does not say it itself. */
      readonly details?: CaptureDetails
    }
  | { readonly thread: CapturedThread; readonly error: Error & { code?: string } }

export interface ReceiveOptions {
  /** Aborting ends profiles early: what there is still comes. */
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

/** A process whose threads can be captured, however it is reached: its socket, or a debugging port. */
export interface CaptureSource {
  info(): Promise<DoorInfo>
  threads(): Promise<readonly DiagnosticThread[]>
  /** One for each thread asked for. Throws what the whole request failed with. */
  capture(request: CaptureRequest, options?: ReceiveOptions): AsyncIterable<ReceivedCapture>
  close(): Promise<void>
}
