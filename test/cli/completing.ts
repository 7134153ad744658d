import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'
import { CLI, run } from './running.js'
import { temporaryFolder } from './temporary-folder.js'

/** An environment in which `threadmeter` is this one, and a file with the completion of a shell. */
export async function completed(
  shell: string,
): Promise<{ env: NodeJS.ProcessEnv; script: string }> {
  const folder = temporaryFolder()
  const program = join(folder, 'threadmeter')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  chmodSync(program, 0o755)
  const { code, output } = await run(['completion', shell])
  expect(code).toBe(0)
  const script = join(folder, `completion.${shell}`)
  writeFileSync(script, output)
  const home = { PATH: `${folder}:${process.env.PATH}`, HOME: folder }
  // A shell that is hung up on writes its history, when the folder may be gone.
  return { env: { ...cleanEnvironment(), ...home, HISTFILE: '' }, script }
}
