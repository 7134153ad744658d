import { mkdtempSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contextSwitches, schedstat } from '../fixtures/proc.mjs'
import { samplesOf } from './exposition.js'
import { freePort } from './free-port.js'
import { Program, proofFixture } from './program.js'
import { Scraper, untilAnswered } from './scrapes.js'

const STUCK_MS = 1_500
const SETTLE_MS = 200
const SCRAPES = 10
const EVERY_MS = 100
const LIMIT_MS = 50

const dir = mkdtempSync('/dev/shm/threadmeter-proof-')

let service: Program
let tids: number[]
let url: string

type Way = 'loop' | 'wait' | 'exec' | 'pbkdf2'

const stuck = (way: Way) => ({ way, ms: STUCK_MS })

const CASES = [
  { what: 'a worker in for (;;)', main: null, workers: [stuck('loop')] },
  { what: 'a worker in Atomics.wait', main: null, workers: [stuck('wait')] },
  { what: 'a worker in pbkdf2Sync', main: null, workers: [stuck('pbkdf2')] },
  { what: 'the main thread in execSync', main: stuck('exec'), workers: [] },
  { what: 'the main thread in for (;;)', main: stuck('loop'), workers: [] },
  {
    what: 'every thread at once',
    main: stuck('loop'),
    workers: [stuck('loop'), stuck('wait'), stuck('pbkdf2')],
  },
]

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number

const digits = (value: number): string => value.toFixed(1)

beforeAll(async () => {
  // V8's memory reducer collects the garbage of idle threads at a time of its own.
  const flags = ['--no-memory-reducer', '--import', 'threadmeter/register']
  const args = [...flags, proofFixture('stuck'), '3']
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  service = new Program(args, { THREADMETER_DIR: dir, THREADMETER_PORT: String(port) })
  tids = (await service.received(({ tids: found }) => found)) as number[]
  await untilAnswered(`${url}/metrics`)
})

afterAll(async () => {
  await Program.killAll()
  rmSync(dir, { recursive: true, force: true })
})

describe('a scrape', () => {
  const free: number[] = []
  const held: number[] = []
  let stuckSoFar = 0

  it.each(CASES)('is answered at once while $what is stuck', async ({ what, main, workers }) => {
    const scraper = new Scraper(url)
    const before = await scraper.series(SCRAPES, EVERY_MS)
    service.send({ main, workers })
    await sleep(SETTLE_MS)
    const meanwhile = await scraper.series(SCRAPES, EVERY_MS)
    scraper.close()
    const count = workers.length + Number(main !== null)
    const endings = Array.from({ length: count }, () =>
      service.received<number>(({ over }) => over),
    )
    const isOver = Promise.race(endings).then(() => true)
    expect(await Promise.race([isOver, sleep(0).then(() => false)])).toBe(false)
    for (const ms of await Promise.all(endings)) expect(ms).toBeGreaterThan(STUCK_MS * 0.9)

    stuckSoFar += count
    for (const { status, text } of meanwhile) {
      expect(status).toBe(200)
      const turns = [...samplesOf(text)].filter(([key]) => key.startsWith('stuck_turns_total{'))
      // Each thread counted the turn in which it is stuck.
      expect(turns.reduce((sum, [, value]) => sum + value, 0)).toBe(stuckSoFar)
    }
    const times = meanwhile.map(({ ms }) => ms)
    held.push(...times)
    free.push(...before.map(({ ms }) => ms))
    console.log(
      `${what}: median ${digits(median(times))}, longest ${digits(Math.max(...times))} ms`,
    )
    expect(Math.max(...times)).toBeLessThan(LIMIT_MS)
  })

  it('takes about as long as otherwise', () => {
    console.log(`median ${digits(median(held))} ms; nobody stuck: ${digits(median(free))} ms`)
    expect(median(held)).toBeLessThan(median(free) * 2)
  })
})

describe('ten scrapers at 10 Hz', () => {
  const PHASE_MS = 2_000
  const COUNT = 10
  const HZ = 10

  interface Used {
    /** ns */
    cpu: number
    /** Voluntary ones: as often did it wake for something. Others want its processor in between. */
    switches: number
  }

  /** What the threads of the application used during a phase. */
  async function used(work: () => Promise<unknown>): Promise<Used[]> {
    const read = () =>
      tids.map((tid) => {
        const { voluntary: switches } = contextSwitches(tid, service.pid)
        return { cpu: schedstat(tid, service.pid).run, switches }
      })
    const before = read()
    await work()
    return read().map(({ cpu, switches }, index) => ({
      cpu: cpu - (before[index]?.cpu ?? 0),
      switches: switches - (before[index]?.switches ?? 0),
    }))
  }

  /** Scrapes `at` for some time with all of them; what each thread of the application used. */
  async function scraped(at: string): Promise<Used[]> {
    const scrapers = Array.from({ length: COUNT }, () => new Scraper(at))
    const scrapeAll = (times: number) =>
      Promise.all(scrapers.map((scraper) => scraper.series(times, 1000 / HZ)))
    // To open the connections and to warm up.
    await scrapeAll(5)
    const result = await used(() => scrapeAll((PHASE_MS / 1000) * HZ))
    for (const scraper of scrapers) scraper.close()
    return result
  }

  it('leave no work to the threads of the application', async () => {
    service.send('answer')
    const own = await service.received<string>(({ own: found }) => found)
    const phases: Record<'own' | 'quiet' | 'observed', Used[][]> = {
      own: [],
      quiet: [],
      observed: [],
    }
    for (let round = 0; round < 2; round++) {
      phases.quiet.push(await used(() => sleep(PHASE_MS)))
      phases.observed.push(await scraped(url))
    }
    // Last: it leaves garbage to collect.
    phases.own.push(await scraped(own))
    const total = (phase: keyof typeof phases, key: keyof Used, thread: number) =>
      phases[phase].reduce((sum, threads) => sum + (threads[thread]?.[key] ?? 0), 0)
    const more = (phase: keyof typeof phases, thread: number) => ({
      cpu: total(phase, 'cpu', thread) - total('quiet', 'cpu', thread),
      switches: total(phase, 'switches', thread) - total('quiet', 'switches', thread),
    })
    const text = ({ cpu, switches }: Used) => `${digits(cpu / 1e6)} ms, ${switches} switches`
    // What it would cost the main thread to answer as many by itself.
    const answered = {
      cpu: 2 * total('own', 'cpu', 0) - total('quiet', 'cpu', 0),
      switches: 2 * total('own', 'switches', 0) - total('quiet', 'switches', 0),
    }
    const observed = tids.map((_, thread) => more('observed', thread))
    console.log(
      `${2 * COUNT * HZ * (PHASE_MS / 1000)} scrapes, more than without: ` +
        `${observed.map(text).join('; ')}. Answered by the main thread: ${text(answered)}`,
    )
    for (const { cpu, switches } of observed) {
      expect(cpu).toBeLessThan(answered.cpu * 0.02)
      expect(switches).toBeLessThan(answered.switches * 0.05)
    }
  })
})
