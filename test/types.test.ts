import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** What the compiler says of one file under the options of this project. */
function compile(file: string): Promise<{ failed: boolean; output: string }> {
  const tsc = pathOf('../node_modules/typescript/bin/tsc')
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes']
  const modules = ['--target', 'es2023', '--module', 'nodenext', '--types', 'node']
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, ...options, ...modules, file], (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: stdout + stderr })
    })
  })
}

describe('the declarations', () => {
  // The file also names uses that must not pass: the compiler fails where one does.
  it('say what types.test-d.ts says of them', async () => {
    expect(await compile(pathOf('types.test-d.ts'))).toEqual({ failed: false, output: '' })
  })
})
