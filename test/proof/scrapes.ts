import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Scrape {
  readonly status: number | undefined
  readonly text: string
  /** From the request to the last byte. */
  readonly ms: number
}

/** Scrapes one address over a connection that it keeps, as Prometheus does. */
export class Scraper {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: URL
  readonly #accept: string

  constructor(url: string, accept = 'text/plain;version=0.0.4') {
    this.#url = new URL('/metrics', url)
    this.#accept = accept
  }

  scrape(): Promise<Scrape> {
    const before = performance.now()
    const options = { agent: this.#agent, headers: { accept: this.#accept } }
    return new Promise((resolve, reject) => {
      get(this.#url, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () =>
          resolve({ status: response.statusCode, text, ms: performance.now() - before }),
        )
      }).once('error', reject)
    })
  }

  /** So many scrapes, one begun every `everyMs` or as soon as the last one is over. */
  async series(count: number, everyMs: number): Promise<Scrape[]> {
    const scrapes: Scrape[] = []
    for (let next = performance.now(); scrapes.length < count; next += everyMs) {
      await sleep(Math.max(0, next - performance.now()))
      scrapes.push(await this.scrape())
    }
    return scrapes
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Waits until this address answers with 200. */
export async function untilAnswered(url: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    try {
      if ((await fetch(url)).status === 200) return
    } catch {
      // Not yet.
    }
    if (Date.now() > deadline) throw new Error(`nobody answers at ${url}`)
  }
}
