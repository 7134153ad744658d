import { readFileSync } from 'node:fs'
import { type DoorInfo, PROTOCOL } from '../door/protocol.js'
import { CAPTURE_KINDS } from '../model.js'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
)

/** What the socket says of this process. */
export const doorInfo = (program: string): DoorInfo => ({
  protocol: PROTOCOL,
  threadmeter: version,
  node: process.version,
  pid: process.pid,
  program,
  captures: CAPTURE_KINDS,
})
