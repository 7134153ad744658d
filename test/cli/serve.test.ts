import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { ServiceProcess, temporaryDirectory } from '../observer/service.js'
import { Running, run } from './running.js'

async function serve(dir: string): Promise<{ serving: Running; url: string }> {
  const serving = new Running(['serve', '--dir', dir, '--port', '0'])
  const [, url] = await serving.until(/^threadmeter: .* at (http:\S+)\/metrics\n/)
  return { serving, url: url as string }
}

const textOf = async (url: string): Promise<string> => await (await fetch(url)).text()

function cpuOf(text: string, thread: string): number {
  const line = new RegExp(`^nodejs_thread_cpu_seconds_total\\{thread="${thread}",.*\\} (.*)$`, 'gm')
  return [...text.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0)
}

it('serves a service that starts after it, and goes on after it was killed', async () => {
  const dir = join(temporaryDirectory(), 'made')
  const first = await serve(dir)
  expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const service = await ServiceProcess.start(dir, ['stays', 'ends'])
  await service.tell('ends', 'burn', 30)
  await service.tell('stays', 'burn', 30)
  await service.tell('ends', 'end')
  let before = ''
  // Its file is gone with the next fold.
  while (cpuOf(before, 'ends') < 0.03) {
    await setTimeout(100)
    before = await textOf(`${first.url}/metrics`)
  }
  const { threads } = JSON.parse(await textOf(`${first.url}/threads`))
  expect(threads.map(({ name }: { name: string }) => name)).toContain('stays')
  first.serving.child.kill('SIGKILL')
  await first.serving.end()

  const second = await serve(dir)
  const after = await textOf(`${second.url}/metrics`)
  expect(cpuOf(after, 'ends')).toBe(cpuOf(before, 'ends'))
  expect(cpuOf(after, 'stays')).toBeGreaterThanOrEqual(cpuOf(before, 'stays'))
  second.serving.child.kill('SIGTERM')
  const { code, errors } = await second.serving.end()
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
})

it('says why it cannot serve', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const onDisk = mkdtempSync(join(process.cwd(), '.threadmeter-serve-'))
  onTestFinished(() => rmSync(onDisk, { recursive: true }))
  const [busy, disk] = await Promise.all([
    run(['serve', '--dir', temporaryDirectory(), '--port', String(port)]),
    run(['serve', '--dir', onDisk, '--port', '0']),
  ])
  expect(busy.errors).toBe(
    `threadmeter: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
  )
  expect(disk.errors).toBe(`threadmeter: ${onDisk} is not on tmpfs\n`)
  expect([busy.code, disk.code]).toEqual([1, 1])
})
