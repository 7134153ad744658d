import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { samplesOf } from './exposition.js'
import {
  type Campaign,
  ClusterChildren,
  type Lane,
  Observers,
  ObservingWriters,
  Writers,
} from './lanes.js'
import { deviations, expectationOf } from './ledgers.js'
import { LiveCheck } from './live-check.js'
import { Program } from './program.js'
import { randomFrom } from './random.js'

const PATIENCE_MS = 15_000

const root = mkdtempSync('/dev/shm/threadmeter-proof-')
const dir = join(root, 'service')
const ledgers = join(root, 'ledgers')
mkdirSync(ledgers)

const seed = Number(process.env.PROOF_SEED ?? Date.now() % 2 ** 31)
const campaign: Campaign = {
  dir,
  ledgers,
  env: { THREADMETER_DIR: dir },
  random: randomFrom(seed),
  urls: new Set(),
}

afterAll(async () => {
  await Program.killAll()
  rmSync(root, { recursive: true, force: true })
})

/** The meter files of all processes but one. */
const meterFiles = (besides: number): string[] =>
  readdirSync(dir).filter((name) => name.endsWith('.meter') && !name.startsWith(`${besides}-`))

/** What an observer that has just started shows once nothing is left to fold but of that process. */
async function finalTotals(alive: number): Promise<Map<string, number>> {
  const observer = new Program(['dist/cli/main.js', 'serve', '--port', '0'], campaign.env)
  try {
    const [url] = await observer.said(/http:\/\/[\d.]+:\d+/)
    for (const end = Date.now() + PATIENCE_MS; meterFiles(alive).length > 0 && Date.now() < end; ) {
      await sleep(100)
    }
    return samplesOf(await (await fetch(new URL('/metrics', url))).text())
  } finally {
    await observer.kill()
  }
}

it('counts every increment that returned exactly once, over 200 kills', async () => {
  const cluster = new ClusterChildren(campaign)
  const lanes: [Lane, number][] = [
    [new Writers(campaign), 50],
    [new ObservingWriters(campaign), 50],
    [cluster, 50],
    [new Observers(campaign), 50],
  ]
  const started = performance.now()
  const live = new LiveCheck(campaign)
  await Promise.all(lanes.map(([lane, kills]) => lane.run(kills)))
  const checks = await live.end()
  await Promise.all(lanes.map(([lane]) => lane.stop()))

  const expected = expectationOf(ledgers)
  const shown = await finalTotals(cluster.pid)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `seed ${seed}: ${expected.writers} writers took ${expected.steps} steps, killed within ` +
      `${expected.open} of them; ${checks} checks meanwhile; ${seconds} s`,
  )
  expect(deviations(shown, expected.series), `PROOF_SEED=${seed}`).toEqual([])
  expect(meterFiles(cluster.pid)).toEqual([])
  expect(live.complaints).toEqual([])
  // And again by an observer that finds nothing but the retired totals.
  expect(deviations(await finalTotals(cluster.pid), expected.series)).toEqual([])
  expect(checks).toBeGreaterThan(5)
  await cluster.end()
}, 90_000)
