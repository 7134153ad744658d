import { mkdtempSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { freePort } from '../proof/free-port.js'
import { Running } from './running.js'

const REQUESTS = 60

const dir = mkdtempSync('/dev/shm/threadmeter-example-')

afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function answer(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text()
  } catch {
    // Not yet, or not any more.
    return ''
  }
}

it('counts in all threads of all processes, and ends by itself', async () => {
  const [metrics, service] = [await freePort(), await freePort()]
  const program = new Running('cluster/main.mjs', [String(REQUESTS)], {
    nodeArgs: ['--import', 'threadmeter/register'],
    env: { PORT: String(service), THREADMETER_PORT: String(metrics), THREADMETER_DIR: dir },
  })
  let last = { requests: 0, hashes: 0, text: '' }
  const isOver = program.end().then(() => true)
  while (!(await Promise.race([isOver, sleep(50).then(() => false)]))) {
    const text = await answer(`http://127.0.0.1:${metrics}/metrics`)
    const requests = Number(/^app_requests_total\{status="200"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    const hashes = Number(/^app_hashes_total (\d+)$/m.exec(text)?.[1] ?? 0)
    if (requests > 0) last = { requests, hashes, text }
  }
  expect(program.errors).toBe('')
  for (const count of [last.requests, last.hashes]) {
    expect(count).toBeGreaterThan(REQUESTS / 2)
    expect(count).toBeLessThanOrEqual(REQUESTS)
  }
  // The workers of the four children.
  expect(last.text.match(/^nodejs_threads\{role="worker",process="\d"\} 2$/gm)).toHaveLength(4)
})
