import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'
import { untilAnswered } from './scrapes.js'

const FIRST_SCRAPE_MS = 20_000

/** Seconds since the epoch and the value then. */
export type Point = [number, number]

interface Answer {
  status: string
  data: {
    result: {
      metric: Record<string, string>
      value: [number, string]
      values: [number, string][]
    }[]
  }
}

/** A real Prometheus server that scrapes one address once a second. */
export class Prometheus {
  readonly #folder = mkdtempSync(join(tmpdir(), 'threadmeter-proof-'))
  #child: ChildProcess | undefined
  #api = ''

  async start(target: string): Promise<void> {
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '900ms' },
      scrape_configs: [{ job_name: 'proof', static_configs: [{ targets: [target] }] }],
    }
    const file = join(this.#folder, 'prometheus.yml')
    writeFileSync(file, JSON.stringify(config))
    const port = await freePort()
    this.#child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(this.#folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    )
    this.#api = `http://127.0.0.1:${port}`
    await untilAnswered(`${this.#api}/-/ready`)
    await this.#firstScrape()
  }

  /** It takes up its targets at a tick of 5 s, and is ready before. */
  async #firstScrape(): Promise<void> {
    const deadline = Date.now() + FIRST_SCRAPE_MS
    while ((await this.#query('up', Date.now() / 1000)).length === 0) {
      if (Date.now() > deadline) throw new Error('Prometheus does not begin to scrape')
      await sleep(50)
    }
  }

  async #query(promql: string, at: number): Promise<Answer['data']['result']> {
    const url = `${this.#api}/api/v1/query?query=${encodeURIComponent(promql)}&time=${at}`
    const answer = (await (await fetch(url)).json()) as Answer
    if (answer.status !== 'success') throw new Error(`${promql}: ${JSON.stringify(answer)}`)
    return answer.data.result
  }

  /** The value of a query that has one, `at` seconds since the epoch. */
  async value(promql: string, at: number): Promise<number> {
    const result = await this.#query(promql, at)
    if (result.length !== 1) throw new Error(`${promql}: ${result.length} series`)
    return Number(result[0]?.value[1])
  }

  /** The samples of a series as they were scraped. */
  async samples(selector: string, at: number): Promise<Point[]> {
    const [series] = await this.#query(selector, at)
    return series?.values.map(([time, value]) => [time, Number(value)]) ?? []
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined && this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit')
      this.#child.kill('SIGKILL')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/**
 * What `increase()` must say of a counter that never fell, by the rules of Prometheus: the difference
 * between the first and the last sample of the window, extended to its ends where they are near (by 1.1
 * of the mean distance of the samples), else by half such a distance, and not below 0.
 */
export function increaseOf(points: readonly Point[], from: number, to: number): number {
  const [first, last] = [points[0] as Point, points[points.length - 1] as Point]
  const sampled = last[0] - first[0]
  const distance = sampled / (points.length - 1)
  const grown = last[1] - first[1]
  const zero = grown > 0 ? sampled * (first[1] / grown) : Number.POSITIVE_INFINITY
  const reach = (gap: number): number => (gap < distance * 1.1 ? gap : distance / 2)
  const before = reach(Math.min(first[0] - from, zero))
  return grown * ((sampled + before + reach(to - last[0])) / sampled)
}
