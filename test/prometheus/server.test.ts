import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// A real Prometheus server scrapes the example service and is asked every query of the documentation.

interface Series {
  metric: Record<string, string>
  value: [number, string]
}

interface Answer {
  status: string
  data:
    | { resultType: 'vector'; result: Series[] }
    | { resultType: 'scalar'; result: Series['value'] }
}

const folder = mkdtempSync(join(tmpdir(), 'threadmeter-prometheus-'))
const children: ChildProcess[] = []
let api = ''

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts a program and waits until its output matches. */
function start(command: string, args: string[], ready: RegExp): Promise<RegExpExecArray> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk
      const match = ready.exec(output)
      if (match !== null) resolve(match)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code}: ${output}`)))
  })
}

async function query(promql: string): Promise<Series[]> {
  const url = `${api}/api/v1/query?query=${encodeURIComponent(promql)}`
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const answer = (await response.json()) as Answer
  if (answer.status !== 'success') throw new Error(`${promql}: ${JSON.stringify(answer)}`)
  const { data } = answer
  return data.resultType === 'scalar' ? [{ metric: {}, value: data.result }] : data.result
}

/** Asks until the answer is as wanted; the last answer when the time is over. */
async function queryUntil(promql: string, good: (series: Series[]) => boolean): Promise<Series[]> {
  for (const deadline = Date.now() + 40_000; ; await sleep(500)) {
    const series = await query(promql)
    if (good(series) || Date.now() > deadline) return series
  }
}

/** The queries of a page: blocks of `promql`, one query per paragraph, comments left out. */
function queriesOf(path: string): { path: string; promql: string }[] {
  const blocks = [...readFileSync(path, 'utf8').matchAll(/^```promql\n([\s\S]*?)^```/gm)]
  return blocks
    .flatMap(([, block]) => (block as string).split(/\n\s*\n/))
    .map((paragraph) => paragraph.replace(/^\s*#.*$/gm, '').trim())
    .filter((promql) => promql !== '')
    .map((promql) => ({ path, promql }))
}

const queries = ['README.md', 'docs/prometheus.md'].flatMap(queriesOf)

beforeAll(async () => {
  const [, target] = await start(
    process.execPath,
    ['examples/pool/main.mjs', '--seconds', '150'],
    /http:\/\/(127\.0\.0\.1:\d+)\/metrics/,
  )
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '900ms' },
    scrape_configs: [{ job_name: 'pool', static_configs: [{ targets: [target] }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const port = await freePort()
  await start(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    /Server is ready to receive web requests/,
  )
  api = `http://127.0.0.1:${port}`
  // Enough samples for rate() over a window of a minute to have a beginning and an end.
  await queryUntil('count_over_time(up[1m])', ([first]) => Number(first?.value[1]) >= 6)
}, 90_000)

afterAll(async () => {
  for (const child of children.filter((one) => one.exitCode === null && one.signalCode === null)) {
    const ended = once(child, 'exit')
    child.removeAllListeners('error').kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
})

describe('a Prometheus server that scrapes the example', () => {
  it('never misses a scrape', async () => {
    const [up] = await query('min_over_time(up[1m])')
    expect(up?.value[1]).toBe('1')
  })

  it('has documented queries to answer', () => {
    expect(queries.length).toBeGreaterThanOrEqual(5)
  })

  it.each(queries)('understands $promql of $path', async ({ promql }) => {
    expect(Array.isArray(await query(promql))).toBe(true)
  })

  it('sees the CPU of a busy pool, in cores', async () => {
    const series = await queryUntil(
      'sum by (thread) (rate(nodejs_thread_cpu_seconds_total{role="worker"}[15s]))',
      (found) => found.some(({ value }) => Number(value[1]) > 0.3),
    )
    const cores = series.map(({ value }) => Number(value[1]))
    expect(Math.max(...cores)).toBeGreaterThan(0.3)
    expect(cores.every((rate) => rate >= 0)).toBe(true)
  })

  it('finds the blocked thread', async () => {
    const blocked = await queryUntil(
      'nodejs_thread_state{state="blocked"} > 0',
      (s) => s.length > 0,
    )
    expect(blocked.map(({ metric }) => metric.role)).toContain('worker')
  })

  it('adds the parts of the process up to what the process reports of itself', async () => {
    // Both sides from the same scrapes: the second is prom-client's own, from process.cpuUsage().
    const ratio = await queryUntil(
      'sum(nodejs_process_cpu_seconds_total) / sum(process_cpu_seconds_total)',
      (found) => found.length > 0,
    )
    expect(Number(ratio[0]?.value[1])).toBeGreaterThan(0.98)
    expect(Number(ratio[0]?.value[1])).toBeLessThan(1.02)
  })

  it('sees no counter go down while threads come and go', async () => {
    const resets = await query('sum(resets({__name__=~"nodejs_(thread|process)_.*_total"}[2m]))')
    expect(resets[0]?.value[1]).toBe('0')
  })
})
