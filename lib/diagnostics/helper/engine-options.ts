import type { capture } from '../capture/capture.js'
import type { Channel } from '../channel/channel.js'
import type { Origin } from '../channel/origin.js'
import type { kernelView } from '../kernel/kernel-view.js'
import type { openWindow } from '../kernel/window.js'
import type { CapturedThread } from '../model.js'

/** The way to threads that does not need the main thread. */
export interface Interrupts {
  canInterrupt(tid: number): boolean
  openInterruptChannel(thread: CapturedThread): Promise<Channel>
}

/** What the engine is made of, where it is not what it always is. */
export interface EngineParts {
  readonly capture: typeof capture
  readonly openWindow: typeof openWindow
  readonly kernelView: typeof kernelView
  readonly interrupts: Interrupts
}

export interface EngineOptions extends Partial<EngineParts> {
  /** The program, as people know it. */
  readonly program: string
  /** Its name and version; by default those of the package.json next to what was started. */
  readonly app?: string | null
  /** The version of Node that the threads run in; by default this one's. */
  readonly node?: string
  /** Whether they collect coverage (NODE_V8_COVERAGE); by default whether this one does. */
  readonly collectsCoverage?: boolean
  /** Whose threads; by default those of this process. */
  readonly origin?: Origin
}
