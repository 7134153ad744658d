import { afterAll, beforeAll } from 'vitest'
import { type CProgram, compileC } from '../fixtures/compile.js'

/** What runs a program in a terminal of its own; for the tests of a file, and not there before they run. */
export function sharedTerminal(): Pick<CProgram, 'path'> {
  const pty = {} as CProgram
  beforeAll(() => void Object.assign(pty, compileC('../examples/pty.c')))
  afterAll(() => pty.remove())
  return pty
}
