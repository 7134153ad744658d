import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const OPTIONS = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes']
const MODULES = ['--target', 'es2023', '--module', 'nodenext', '--types', 'node']

// The file also names uses that must not pass: the compiler fails where one does.
it('the declarations say what api.test-d.ts says of them', async () => {
  const tsc = pathOf('../../node_modules/typescript/bin/tsc')
  const args = [tsc, ...OPTIONS, ...MODULES, pathOf('api.test-d.ts')]
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve(`${error?.code ?? 0} ${stdout}${stderr}`),
    )
  })
  expect(said).toBe('0 ')
})
