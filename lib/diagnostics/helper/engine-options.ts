import type { Channel } from '../channel/channel.js'
import type { CaptureContent, CaptureContext } from '../engine.js'
import type { CapturedThread, CaptureRequest, KernelView, ThreadWindow } from '../model.js'

/** What the kernel says of a thread, watched for a while. */
export type KernelLook = (pid: number, tid: number, overMs?: number) => Promise<KernelView>

/** The way to threads that does not need the main thread. */
export interface Interrupts {
  canInterrupt(tid: number): boolean
  openInterruptChannel(thread: CapturedThread): Promise<Channel>
}

/** A window over which a thread's figures are taken. */
export interface Window {
  close(): ThreadWindow
}

/** What captures are told beside the request. */
export interface EngineCaptureContext extends CaptureContext {
  window(thread: CapturedThread): Window
  readonly program: string
  readonly app: string | null
}

export type Capture = (
  channel: Channel,
  request: CaptureRequest,
  context: EngineCaptureContext,
) => Promise<CaptureContent>

export interface EngineOptions {
  /** The program, as people know it. */
  readonly program: string
  /** Name and version in its package.json. */
  readonly app: string | null
  /** Its version. */
  readonly threadmeter: string
  readonly capture: Capture
  readonly window: (thread: CapturedThread) => Window
  readonly kernelView: KernelLook
  readonly interrupts: Interrupts
}
