import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { GcProfile, HeapProfile } from '../../dist/diagnostics/model.js'
import { run } from './running.js'
import { lineOf, PROGRAM, sharedService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'

const service = sharedService({ main: 'allocating', mail: 'idle', shell: 'sleep' })

it('tells which function allocates', async () => {
  const cwd = temporaryFolder()
  const pid = String(service.pid)
  const { code, output, errors } = await run(['heap-profile', pid, '-s', '1'], { cwd })
  expect({ code, output }).toEqual({ code: 0, output: '' })
  const [name] = readdirSync(cwd) as [string]
  expect(name).toMatch(/^threadmeter-stuck-service-main-.*\.heapprofile$/)
  const profile: HeapProfile = JSON.parse(readFileSync(join(cwd, name), 'utf8'))
  expect(profile.threadmeter.thread.name).toBe('main')
  const head = /^main \(thread 0\) {2}([\d.]+) ([KM]iB) from \d+ places?; CPU/m.exec(errors)
  const factor = head?.[2] === 'MiB' ? 1024 ** 2 : 1024
  const total = sizeOf(profile.head)
  expect(Number(head?.[1]) * factor).toBeGreaterThan(total * 0.9)
  expect(Number(head?.[1]) * factor).toBeLessThan(total * 1.1)
  expect(errors).toMatch(new RegExp(`${PROGRAM}:${lineOf('Array.from')}:\\d+$`, 'm'))
})

const sizeOf = ({ selfSize, children }: HeapProfile['head']): number =>
  children.reduce((sum, child) => sum + sizeOf(child), selfSize)

it('writes a heap snapshot to a private file, or hands it on', async () => {
  const cwd = temporaryFolder()
  const args = ['heap-snapshot', service.directory, 'mail']
  const filed = await run([...args, '--json'], { cwd })
  expect(filed.code).toBe(0)
  const [name, ...rest] = readdirSync(cwd) as [string]
  expect(rest).toEqual([])
  expect(name).toMatch(/^threadmeter-stuck-service-\S+-\d+-\d+\.heapsnapshot$/)
  const { size, mode } = statSync(join(cwd, name))
  expect(mode & 0o777).toBe(0o600)
  expect(JSON.parse(filed.output)).toMatchObject({
    ...{ file: name, bytes: size },
    thread: { pid: service.pid, role: 'worker' },
    window: { seconds: expect.any(Number) },
  })
  expect(filed.errors).toContain(`${name}  `)
  const { snapshot, nodes } = JSON.parse(readFileSync(join(cwd, name), 'utf8'))
  expect(nodes.length).toBe(snapshot.node_count * snapshot.meta.node_fields.length)
  const piped = await run([...args, '-o', '-'])
  expect(piped.code).toBe(0)
  expect(JSON.parse(piped.output).snapshot.node_count).toBeGreaterThan(1000)
})

it('writes the snapshots of all threads, each whole', async () => {
  const cwd = temporaryFolder()
  const { code, errors } = await run(['heap-snapshot', service.directory, 'all'], { cwd })
  // One of the three threads is in a native call.
  expect(code, errors).toBe(4)
  const names = readdirSync(cwd)
  expect(names).toHaveLength(2)
  for (const name of names) {
    const { snapshot, nodes } = JSON.parse(readFileSync(join(cwd, name), 'utf8'))
    expect(nodes.length).toBe(snapshot.node_count * snapshot.meta.node_fields.length)
    expect(errors).toContain(`${name}  `)
  }
})

it('counts collections by kind, and lists them', async () => {
  const pid = String(service.pid)
  const [told, listed, all] = await Promise.all([
    run(['gc', pid, '-s', '1', '--json']),
    run(['gc', pid, '-s', '1', '--list']),
    run(['gc', pid, 'all', '-s', '0.3']),
  ])
  const { collections, threadmeter }: GcProfile = JSON.parse(told.output)
  expect(told.code).toBe(0)
  expect(threadmeter.thread.name).toBe('main')
  expect(collections.length).toBeGreaterThan(0)
  for (const { pause, heapUsedBefore } of collections) {
    expect(pause).toBeGreaterThanOrEqual(0)
    expect(heapUsedBefore).toBeGreaterThan(1024 ** 2)
  }
  const [head, , ...rows] = listed.output.trimEnd().split('\n') as string[]
  expect(head).toMatch(/^main {2}thread 0, tid \d+ {2}\d+ collections? in 1\.\d s, stood still /)
  const count = Number(/ (\d+) collections? in/.exec(head as string)?.[1])
  const kinds = [...listed.output.matchAll(/^ {4}([A-Z]\w+) +(\d+) +\d/gm)]
  expect(kinds.length).toBeGreaterThan(0)
  expect(kinds.reduce((sum, [, , each]) => sum + Number(each), 0)).toBe(count)
  expect(rows.filter((row) => /^ +\d+\.\d{3} s {2}\w/.test(row))).toHaveLength(count)
  // One of the three threads is in a native call.
  expect(all.code).toBe(4)
  expect(all.output).toMatch(/^(mail|worker-\d+) .* 0 collections in /m)
})
