import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { appIn } from './door-app.js'
import { directoryOfTest } from './door-running.js'

/** A page's shell blocks in their order, each with what one reads as it stands. */
function blocksOf(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block as string)
}

const blocks = blocksOf('diagnostics.md')

interface Ran {
  block: string
  stdout: string
}

// Each is a shell of its own; the first says where the socket is.
async function runAll(blocks: readonly string[], where: string, pid: number): Promise<Ran[]> {
  const directory = directoryOfTest()
  const [find, ...others] = blocks as [string, ...string[]]
  const found = find.replace('/dev/shm/threadmeter-$(id -u)/*', where).replace('4711', `${pid}`)
  const run = async (block: string): Promise<Ran> => {
    const script = `set -e\n${found}\n${block.replaceAll('curl ', 'curl -sS --fail-with-body ')}`
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: directory })
    return { block, stdout }
  }
  // Of a profile that waits for another there would be nothing yet.
  const isAlone = (block: string): boolean => block.includes('DELETE')
  const all = await Promise.all(others.filter(isAlone).map(run))
  all.push(...(await Promise.all(others.filter((block) => !isAlone(block)).map(run))))
  const files = readdirSync(directory).map((name) => ({
    block: name,
    stdout: readFileSync(join(directory, name), 'utf8'),
  }))
  return [...all, ...files]
}

it('what the page says to curl works as it stands', async () => {
  const where = directoryOfTest()
  const { pid } = await appIn({ THREADMETER_DIR: where, TMPDIR: directoryOfTest() })
  const ran = await runAll(blocks, where, pid)
  const of = (text: string): string => ran.find(({ block }) => block.includes(text))?.stdout ?? ''
  expect(blocks.length).toBeGreaterThan(7)

  expect(of('/v1/threads')).toContain('"threads":[')
  expect(JSON.parse(of('early.cpuprofile')).ended).toBe('mine')
  expect(of('-X POST')).toContain('blockedFor')
  expect(of('Accept:')).toMatch(/\{"event":"end"\}\n$/)
  const files = ran.filter(({ block }) => !block.includes('curl'))
  const partial = files.flatMap(({ block, stdout }) => {
    const { threadmeter, snapshot } = JSON.parse(stdout)
    return [
      [
        block.replace(/^threadmeter-.*\./, '*.'),
        snapshot === undefined ? threadmeter.partial : snapshot.node_count > 0,
      ],
    ]
  })
  expect(Object.fromEntries(partial)).toEqual({
    ...{ 'main.cpuprofile': null, 'main.heapprofile': null, 'main.gc.json': null },
    ...{ 'early.cpuprofile': 'aborted', 'main.heapsnapshot': true, '*.heapsnapshot': true },
  })
})

it('what the page on services that hang says to curl does, too', async () => {
  const where = directoryOfTest()
  const { pid } = await appIn({ THREADMETER_DIR: where, TMPDIR: directoryOfTest() })
  const [block, ...others] = blocksOf('my-service-hangs.md').filter((text) => text.includes('curl'))
  expect(others).toEqual([])
  const script = (block as string)
    .replace('/dev/shm/threadmeter-$(id -u)/4711-*', where)
    .replaceAll('4711', `${pid}`)
    .replaceAll('curl ', 'curl -sS --fail-with-body ')
  const { stdout } = await promisify(execFile)('sh', ['-ec', script])
  const [before, set, removed] = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  expect(before).toEqual({ triggers: [] })
  expect(set).toMatchObject({ condition: 'blockedFor', threshold: 5, capture: { every: 600 } })
  expect(removed.id).toBe(set.id)
})
