import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { Running, samplesOf, scrape } from './running.js'

const PROGRAM = fileURLToPath(new URL('fixtures/observed.mjs', import.meta.url))

interface Observed {
  program: Running
  url: string
}

async function observed(args: string[] = [], env = {}): Promise<Observed> {
  const program = new Running([PROGRAM, ...args], env)
  const { url } = await program.hear<{ url: string }>()
  return { program, url }
}

/** Scrapes until one succeeds: the server is gone while its thread is started again. */
async function scrapeAgain(url: string): Promise<Map<string, number>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await scrape(url)
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const counters = (samples: Map<string, number>): [string, number][] =>
  [...samples].filter(([name]) => /^[a-z_]+_total\b/.test(name))

it('answers while the main thread is blocked', async () => {
  const { program, url } = await observed()
  await program.ask('count 7')
  expect(await program.ask('block 1000')).toEqual({ blocking: true })
  let isFree = false
  const free = program.hear<boolean>().then((waited) => {
    isFree = true
    return waited
  })
  for (let i = 0; i < 4; i++) {
    expect((await scrape(url)).get('jobs_total')).toBe(7)
    const { threads } = (await (await fetch(`${url}/threads`)).json()) as { threads: object[] }
    expect(threads).toContainEqual(expect.objectContaining({ pid: program.pid, name: 'main' }))
    expect(isFree).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await free).toBe(true)
})

it('is started again when its thread ends, and no counter goes back', async () => {
  const { program, url } = await observed()
  await program.ask('count 5')
  let before = await scrape(url)
  for (const [restarts, way] of [
    [1, 'terminate'],
    [2, 'confuse'],
  ] as const) {
    await program.ask(way)
    await program.ask('count 1')
    const after = await scrapeAgain(url)
    expect(after.get('threadmeter_observer_restarts_total')).toBe(restarts)
    expect(after.get('jobs_total')).toBe(5 + restarts)
    for (const [name, value] of counters(before)) {
      expect([name, (after.get(name) as number) >= value]).toEqual([name, true])
    }
    before = after
  }
  expect(await program.ask('terminateWhileAsked')).toBe(true)
  expect(program.errors).toBe('')
})

it('hands its text to the program itself, until it is closed', async () => {
  const { program, url } = await observed()
  await program.ask('count 3')
  expect(await program.ask('metrics')).toBe(true)
  expect(await program.ask('shared')).toBe(true)
  const { headers, body } = await program.ask<{ headers: object; body: string }>('negotiated')
  const text = gunzipSync(Buffer.from(body, 'base64')).toString()
  expect(samplesOf(text).get('jobs_total')).toBe(3)
  expect(text.endsWith('# EOF\n')).toBe(true)
  const served = await fetch(`${url}/metrics`, {
    headers: { accept: 'application/openmetrics-text', 'accept-encoding': 'gzip' },
  })
  await served.text()
  expect(Object.fromEntries(served.headers)).toMatchObject(headers)
  const threads = await program.ask<{ role: string }[]>('threads')
  expect(threads.filter(({ role }) => role === 'main')).toHaveLength(1)
  expect(await program.ask('close')).toBe('ERR_THREADMETER_OBSERVER_CLOSED')
  await expect(fetch(url)).rejects.toThrow()
  program.letGo()
  expect(await program.ended).toMatchObject({ code: 0, signal: null })
})

it('shows what is seen from outside where there is no place for meter files', async () => {
  const onDisk = { THREADMETER_DIR: fileURLToPath(new URL('nowhere', import.meta.url)) }
  const { program, url } = await observed([], onDisk)
  await program.ask('count 2')
  const samples = await scrape(url)
  expect(samples.get('threadmeter_runtime_directory_available')).toBe(0)
  expect(samples.get('nodejs_threads{role="main"}')).toBe(1)
  expect(samples.get('process_cpu_seconds_total')).toBeGreaterThan(0)
  expect(samples.has('jobs_total')).toBe(false)
  expect(program.errors).toBe('')
})

it('does not hold up process.exit(), not in the middle of scrapes either', async () => {
  const { program, url } = await observed()
  let isOver = false
  const scraping = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!isOver) await scrape(url).catch(() => {})
    }),
  )
  const from = await program.ask<number>('exit 7')
  const { code, at } = await program.ended
  isOver = true
  await scraping
  expect(code).toBe(7)
  // All that the observer waits for takes a second or more.
  expect(at - from).toBeLessThan(1000)
})

it('tells when its port is taken, and keeps no program alive', async () => {
  const { program, url } = await observed()
  const second = new Running([PROGRAM, new URL(url).port])
  const { code } = await second.ended
  expect(code).toBe(1)
  expect(second.errors).toContain("code: 'ERR_THREADMETER_LISTEN'")
  expect(second.errors).toContain("code: 'EADDRINUSE'")
  await scrape(url)
  program.letGo()
  expect(await program.ended).toMatchObject({ code: 0, signal: null })
  expect(program.errors).toBe('')
})

it('spends a tenth of a processor at most, however many scrape', async () => {
  const { url } = await observed()
  const spent = async (): Promise<number> =>
    (await scrape(url)).get('threadmeter_collection_seconds_total') as number
  const [before, from] = [await spent(), performance.now()]
  let scrapes = 0
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (; performance.now() - from < 1000; scrapes++) await scrape(url)
    }),
  )
  const seconds = (performance.now() - from) / 1000
  const share = ((await spent()) - before) / seconds
  expect(scrapes).toBeGreaterThan(100)
  expect(share).toBeGreaterThan(0)
  expect(share).toBeLessThan(0.15)
})
