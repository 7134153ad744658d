import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { PrivateFile } from '../../dist/diagnostics/capture/private-file.js'
import { temporaryDirectory } from './capturing.js'

const MODULE = new URL('../../dist/diagnostics/capture/private-file.js', import.meta.url).href

it('is for its owner alone, and goes to its place when it is done', () => {
  const directory = temporaryDirectory()
  const file = new PrivateFile(directory, 'one')
  expect(statSync(dirname(file.path)).mode & 0o777).toBe(0o700)
  expect(file.bytes).toBe(0)
  writeFileSync(file.create(), 'done')
  expect(statSync(file.path).mode & 0o777).toBe(0o600)
  expect(file.bytes).toBe(4)
  expect(file.publish(directory, 'one')).toBe(join(directory, 'one'))
  expect(readdirSync(directory)).toEqual(['one'])
})

it('is removed by the next one where its process was killed', () => {
  const directory = temporaryDirectory()
  const program = `
    const { PrivateFile } = await import(${JSON.stringify(MODULE)})
    const file = new PrivateFile(${JSON.stringify(directory)}, 'half')
    file.create()
    process.kill(process.pid, 'SIGKILL')`
  expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', program])).toThrow()
  const left = readdirSync(directory)
  expect(left).toHaveLength(1)
  writeFileSync(join(directory, '.threadmeter-notes'), '')
  const [first, second] = [new PrivateFile(directory, 'a'), new PrivateFile(directory, 'b')]
  expect(readdirSync(directory)).not.toContain(left[0])
  // What is not ours or still in use stays.
  expect(readdirSync(directory)).toContain('.threadmeter-notes')
  expect(existsSync(dirname(first.path))).toBe(true)
  second.remove()
})
