import { readFileSync } from 'node:fs'
import { appOf } from '../capture/app-version.js'
import { capture } from '../capture/capture.js'
import { canInterrupt, openInterruptChannel } from '../channel/interrupt-channel.js'
import { type DoorInfo, PROTOCOL } from '../door/protocol.js'
import { kernelView } from '../kernel/kernel-view.js'
import { openWindow } from '../kernel/window.js'
import { CAPTURE_KINDS } from '../model.js'
import type { EngineOptions } from './engine-options.js'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
)

/** What an engine captures with, and what it knows of the program. */
export const engineOptions = (program: string): EngineOptions => ({
  program,
  app: appOf(program),
  threadmeter: version,
  capture,
  window: (thread) => openWindow(thread),
  kernelView,
  interrupts: { canInterrupt, openInterruptChannel },
})

export const doorInfo = ({ program, threadmeter }: EngineOptions): DoorInfo => ({
  protocol: PROTOCOL,
  threadmeter,
  node: process.version,
  pid: process.pid,
  program,
  captures: CAPTURE_KINDS,
})
