import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { emptyDirectory, saidBy, startFixture } from './triggers-app.js'

const WRITER = fileURLToPath(new URL('fixtures/triggers-ring.mjs', import.meta.url))

interface Writing {
  files: number
  bytes: number
  count: number
  size: number
  name?: string
}

const start = (directory: string, writing: Writing, env?: NodeJS.ProcessEnv) => {
  const { files, bytes, count, size, name = 'one' } = writing
  const numbers = [files, bytes, count, size].map(String)
  return startFixture(WRITER, [directory, ...numbers, name], env)
}

const write = async (...args: Parameters<typeof start>) =>
  JSON.parse(await saidBy(start(...args))) as { removed: number; failures: string[] }

const sizes = (directory: string) =>
  readdirSync(directory).map((name) => statSync(join(directory, name)).size)
const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0)

it('keeps so many files, the youngest', async () => {
  const directory = emptyDirectory()
  const told = await write(directory, { files: 5, bytes: 1e6, count: 200, size: 100 })
  expect(told).toEqual({ removed: 195, failures: [] })
  const kept = readdirSync(directory).sort()
  expect(kept).toHaveLength(5)
  await write(directory, { files: 5, bytes: 1e6, count: 1, size: 100, name: 'two' })
  const after = readdirSync(directory).sort()
  expect(after.slice(0, 4)).toEqual(kept.slice(1))
  expect(after[4]).toContain('-two.')
})

it('keeps so many bytes, and says so of what is larger than all of them', async () => {
  const directory = emptyDirectory()
  const bytes = 10_000
  const told = await write(directory, { files: 1000, bytes, count: 50, size: 1500 })
  expect(told).toEqual({ removed: 44, failures: [] })
  expect(sizes(directory)).toHaveLength(6)
  const large = await write(directory, { files: 1000, bytes, count: 1, size: bytes + 1 })
  expect(large.failures).toEqual([expect.stringContaining(`${bytes + 1} bytes`)])
  expect(sum(sizes(directory))).toBe(9000)
})

it('removes nothing that is not of its kind', async () => {
  const directory = emptyDirectory()
  const own = 'threadmeter-20200101T000000.000Z-1-main-old.stack.json'
  const foreign = ['notes.txt', 'threadmeter.cpuprofile', `${own}.gz`, `my-${own}`, 'a.stack.json']
  for (const name of [own, ...foreign]) writeFileSync(join(directory, name), 'x'.repeat(5000))
  const linked = own.replace('000000.000', '000000.001')
  symlinkSync(join(directory, 'notes.txt'), join(directory, linked))
  mkdirSync(join(directory, own.replace('000000.000', '000000.002')))
  await write(directory, { files: 1, bytes: 2000, count: 3, size: 100 })
  const left = readdirSync(directory)
  expect(left).not.toContain(own)
  for (const name of [...foreign, linked]) expect(left).toContain(name)
  expect(left).toHaveLength(foreign.length + 3)
})

it('keeps what it writes after the clock was set back, and what was young before', async () => {
  const directory = emptyDirectory()
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().replace(/[-:]/g, '')
  const ahead = ['a', 'b', 'c'].map((name) => `threadmeter-${tomorrow}-1-main-${name}.cpuprofile`)
  for (const name of ahead) writeFileSync(join(directory, name), '{}')
  await write(directory, { files: 3, bytes: 1e6, count: 2, size: 100 })
  const left = readdirSync(directory).sort()
  expect(left).toEqual([
    expect.stringMatching(/-one\.stack\.json$/),
    expect.stringMatching(/-one\.stack\.json$/),
    ahead[2],
  ])
})

it('holds for two processes that share a directory', async () => {
  const directory = emptyDirectory()
  const shared = { files: 10, bytes: 1e6, count: 300, size: 200 }
  const told = await Promise.all(
    ['one', 'two', 'three'].map((name) => write(directory, { ...shared, name })),
  )
  expect(told.flatMap(({ failures }) => failures)).toEqual([])
  expect(sum(told.map(({ removed }) => removed))).toBe(890)
  expect(readdirSync(directory)).toHaveLength(10)
})

it('leaves nothing unfinished under a final name when it is killed', async () => {
  const directory = emptyDirectory()
  const size = 5_000_000
  const endless = { files: 4, bytes: 1e9, count: 0, size }
  for (let round = 0; round < 6; round++) {
    const child = start(directory, endless)
    // Begun, and then in the middle of anything.
    while (!readdirSync(directory).some((name) => name.startsWith('.'))) await sleep(5)
    await sleep(30 + round * 7)
    child.kill('SIGKILL')
    await once(child, 'close')
    for (const name of readdirSync(directory).filter((one) => !one.startsWith('.'))) {
      expect(JSON.parse(readFileSync(join(directory, name), 'utf8'))).toHaveLength(size - 2)
    }
  }
  const remains = () => readdirSync(directory).filter((name) => name.startsWith('.'))
  expect(remains()).toHaveLength(1)
  // Whoever comes next clears up.
  await write(directory, { ...endless, count: 1 })
  expect(remains()).toEqual([])
})

it('tells that there is no room, and leaves nothing of what did not fit', async () => {
  const directory = emptyDirectory()
  // A file cannot grow beyond 8 blocks: as on a full disk, a write ends in the middle.
  const args = [directory, '5', '1000000', '3', '100000', 'one']
  const limited = `ulimit -f 8; exec "$@"`
  const child = spawn('bash', ['-c', limited, 'bash', process.execPath, WRITER, ...args])
  expect(JSON.parse(await saidBy(child))).toEqual({
    removed: 0,
    failures: ['EFBIG', 'EFBIG', 'EFBIG'],
  })
  expect(readdirSync(directory)).toEqual([])
})

it('makes a directory for its user alone by default, and trusts no other', async () => {
  const temporary = emptyDirectory()
  const writing = { files: 5, bytes: 1e6, count: 1, size: 100 }
  const program = `
    const { Ring, defaultDirectory } = await import(process.argv[1])
    const ring = new Ring(null, ${JSON.stringify(writing)})
    console.log(ring.directory === defaultDirectory() ? ring.directory : '')`
  const ring = new URL('../../dist/diagnostics/triggers/ring.js', import.meta.url).href
  const run = () => {
    const args = ['--input-type=module', '-e', program, ring]
    return saidBy(spawn(process.execPath, args, { env: { ...process.env, TMPDIR: temporary } }))
  }
  const directory = (await run()).trim()
  expect(directory).toBe(join(temporary, `threadmeter-captures-${process.getuid?.()}`))
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  chmodSync(directory, 0o770)
  await expect(run()).rejects.toThrow('is not a directory of this user alone')
})
