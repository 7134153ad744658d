import { readFileSync } from 'node:fs'
import { appOf } from '../capture/app-version.js'
import { type DoorInfo, PROTOCOL } from '../door/protocol.js'
import { CAPTURE_KINDS } from '../model.js'
import type { EngineOptions } from './engine-options.js'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
)

/** What an engine knows of the program. */
export const engineOptions = (program: string): EngineOptions => ({ program, app: appOf(program) })

export const doorInfo = ({ program }: EngineOptions): DoorInfo => ({
  protocol: PROTOCOL,
  threadmeter: version,
  node: process.version,
  pid: process.pid,
  program,
  captures: CAPTURE_KINDS,
})
