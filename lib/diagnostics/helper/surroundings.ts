import { threads } from '../../cpu/threads.js'
import { appOf } from '../capture/app-version.js'
import { capture } from '../capture/capture.js'
import type { CaptureSurroundings } from '../capture/details.js'
import { canInterrupt, openInterruptChannel } from '../channel/interrupt-channel.js'
import type { CaptureContext } from '../engine.js'
import { kernelView } from '../kernel/kernel-view.js'
import { type EventLoopTimes, type OpenWindow, openWindow } from '../kernel/window.js'
import type { CapturedThread } from '../model.js'
import type { EngineOptions, EngineParts, Interrupts } from './engine-options.js'

const interrupts: Interrupts = { canInterrupt, openInterruptChannel }

/** What captures are told of the process, whatever they are of. */
export class Surroundings {
  readonly parts: EngineParts
  readonly #program: string
  readonly #node: string
  readonly #app: string | null
  readonly #collectsCoverage: boolean

  constructor({ program, app, node, collectsCoverage, origin: _, ...parts }: EngineOptions) {
    this.parts = { capture, openWindow, kernelView, interrupts, ...parts }
    this.#program = program
    this.#node = node ?? process.version
    this.#collectsCoverage = collectsCoverage ?? Boolean(process.env.NODE_V8_COVERAGE)
    this.#app = app === undefined ? appOf(process.argv[1] ?? '') : app
  }

  of({ signal, onProgress }: CaptureContext): CaptureSurroundings {
    const window = (thread: CapturedThread) => this.window(thread)
    return {
      signal,
      onProgress,
      window,
      program: this.#program,
      app: this.#app,
      node: this.#node,
      collectsCoverage: this.#collectsCoverage,
    }
  }

  /** Begins to watch a thread, with its event loop where it can be seen from outside. */
  window(thread: CapturedThread): OpenWindow {
    return this.parts.openWindow(thread, () => eventLoopOf(thread))
  }
}

function eventLoopOf({ tid }: CapturedThread): EventLoopTimes | null {
  try {
    const info = threads({ runDelay: false }).find((known) => known.tid === tid)
    return info?.eventLoopUtilization ?? null
  } catch {
    return null
  }
}
