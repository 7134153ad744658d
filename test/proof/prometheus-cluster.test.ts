import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './free-port.js'
import { Program, proofFixture } from './program.js'
import { increaseOf, type Point, Prometheus } from './prometheus.js'
import { randomFrom } from './random.js'
import { Schedule } from './schedule.js'
import { Scraper, untilAnswered } from './scrapes.js'

const CHILDREN = 8
const RATE = 100
const SECONDS = 60
const KILL_EVERY_MS = 2_500

const root = mkdtempSync('/dev/shm/threadmeter-proof-')
const ledgers = join(root, 'ledgers')
mkdirSync(ledgers)

const seed = Number(process.env.PROOF_SEED ?? Date.now() % 2 ** 31)
const random = randomFrom(seed)
const prometheus = new Prometheus()
let url = ''
let schedule: Schedule
let kills = 0
/** Seconds since the epoch at which the load had run for its time. */
let end = 0

/** Kills a child that counts, now one, now two at once, until the time is over. */
async function killChildren(service: Program): Promise<void> {
  const living: number[] = []
  const collect = async (count: number) => {
    while (living.length < count) {
      living.push(await service.received<number>(({ counting }) => counting))
    }
  }
  await collect(CHILDREN)
  while (Date.now() / 1000 < end) {
    await sleep(KILL_EVERY_MS)
    for (let victims = random() < 0.2 ? 2 : 1; victims > 0; victims--) {
      const [pid] = living.splice(Math.floor(random() * living.length), 1)
      process.kill(pid as number, 'SIGKILL')
      kills++
    }
    await collect(CHILDREN)
  }
}

beforeAll(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const args = ['--import', 'threadmeter/register', proofFixture('paced')]
  const service = new Program([...args, String(CHILDREN), ledgers, String(RATE)], {
    THREADMETER_DIR: join(root, 'service'),
    THREADMETER_PORT: String(port),
  })
  schedule = new Schedule(ledgers, 20)
  await untilAnswered(`${url}/metrics`)
  await prometheus.start(url.replace('http://', ''))
  end = Date.now() / 1000 + SECONDS
  await killChildren(service)
  end = Date.now() / 1000
  // What was scraped up to now is in the head of the database.
  await sleep(1_500)
}, 120_000)

afterAll(async () => {
  schedule?.stop()
  await prometheus.stop()
  await Program.killAll()
  rmSync(root, { recursive: true, force: true })
})

describe('Prometheus, while processes of a cluster are killed and replaced', () => {
  it('never misses a scrape', async () => {
    expect(kills).toBeGreaterThan(15)
    expect(await prometheus.value(`min_over_time(up[${SECONDS}s])`, end)).toBe(1)
    expect(await prometheus.value(`count_over_time(up[${SECONDS}s])`, end)).toBeGreaterThan(55)
    const slowest = await prometheus.value(
      `max_over_time(scrape_duration_seconds[${SECONDS}s])`,
      end,
    )
    console.log(`seed ${seed}: ${kills} kills, the slowest scrape took ${slowest * 1000} ms`)
  })

  it('sees no counter reset', async () => {
    for (const name of ['paced_jobs_total', 'paced_seconds_count', 'paced_seconds_bucket']) {
      expect(await prometheus.value(`sum(resets(${name}[${SECONDS}s]))`, end), name).toBe(0)
    }
  })

  it('scrapes what the threads counted, each time', async () => {
    const samples = await prometheus.samples(`paced_seconds_count[${SECONDS}s]`, end)
    expect(samples.length).toBeGreaterThan(55)
    const wrong = samples.filter(
      // A scrape begins at its time and takes a moment.
      ([time, value]) =>
        value < schedule.leastAt(time - 0.05) || value > schedule.mostAt(time + 0.9),
    )
    expect(wrong).toEqual([])
  })

  it.each([50, 25])('has rates and increases that are right over %d s', async (window) => {
    const samples = await prometheus.samples(`paced_seconds_count[${window}s]`, end)
    const known = samples.map(([time]): Point => [time, schedule.leastAt(time + 0.02)])
    const expected = increaseOf(known, end - window, end)
    const pace = CHILDREN * 2 * RATE
    for (const [promql, right] of [
      [`increase(paced_seconds_count[${window}s])`, expected],
      [`rate(paced_seconds_count[${window}s])`, expected / window],
      [`sum(increase(paced_jobs_total[${window}s]))`, expected],
      [`sum(rate(paced_jobs_total[${window}s]))`, pace],
      [`increase(paced_seconds_sum[${window}s])`, expected * 1.5],
      [`sum(rate(paced_seconds_bucket{le="2.0"}[${window}s]))`, pace],
    ] as const) {
      const said = await prometheus.value(promql, end)
      console.log(`${promql} = ${said.toFixed(1)}, by the ledgers ${right.toFixed(1)}`)
      expect(Math.abs(said / right - 1), promql).toBeLessThan(0.01)
    }
  })
})

describe('promtool', () => {
  async function exposition(accept: string): Promise<string> {
    const scraper = new Scraper(url, accept)
    const { text, status } = await scraper.scrape()
    scraper.close()
    expect(status).toBe(200)
    return text
  }

  const promtool = (args: string[], input = '') =>
    spawnSync('promtool', args, { input, encoding: 'utf8' })

  it('has nothing to say of the text', async () => {
    const checked = promtool(['check', 'metrics'], await exposition('text/plain;version=0.0.4'))
    expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })

  /** Its parser of OpenMetrics is that of the server; it takes samples that have a time. */
  function parseOpenMetrics(text: string): number | null {
    const file = join(root, 'exposition.txt')
    const time = Math.floor(Date.now() / 1000)
    writeFileSync(file, text.replace(/^([^#{\n]+(?:\{.*?\})? [^ \n]+)( # .*)?$/gm, `$1 ${time}$2`))
    return promtool(['tsdb', 'create-blocks-from', 'openmetrics', file, join(root, 'blocks')])
      .status
  }

  it('understands the OpenMetrics', async () => {
    const text = await exposition('application/openmetrics-text;version=1.0.0')
    expect(text).toContain('# TYPE paced_jobs counter\n')
    expect(parseOpenMetrics(text)).toBe(0)
    expect(parseOpenMetrics(text.replace('# EOF', ''))).not.toBe(0)
  })
})
