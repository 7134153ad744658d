import { setTimeout as sleep } from 'node:timers/promises'
import { samplesOf } from './exposition.js'
import type { Campaign } from './lanes.js'
import { type Bounds, expectationOf } from './ledgers.js'

const EVERY_MS = 400
/** An observer may show again what it collected a moment ago. */
const OLD_MS = 2_000

interface Look {
  at: number
  series: Map<string, Bounds>
}

/**
 * Scrapes whoever serves while the campaign goes on: no total is ever below what was completed a moment
 * before, nor above what is intended a moment after.
 */
export class LiveCheck {
  readonly complaints: string[] = []
  readonly #campaign: Campaign
  readonly #before: Look[] = []
  readonly #done: Promise<void>
  #checks = 0
  #isOver = false

  constructor(campaign: Campaign) {
    this.#campaign = campaign
    this.#done = this.#run()
  }

  /** How often totals were checked. */
  async end(): Promise<number> {
    this.#isOver = true
    await this.#done
    return this.#checks
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await this.#look()
      await sleep(EVERY_MS)
    }
  }

  async #look(): Promise<void> {
    const { series } = expectationOf(this.#campaign.ledgers)
    this.#before.push({ at: Date.now(), series })
    const [url] = this.#campaign.urls
    if (url === undefined) return
    let text: string
    try {
      text = await (await fetch(new URL('/metrics', url))).text()
    } catch {
      // Killed while it was asked.
      return
    }
    const earlier = this.#before.findLast(({ at }) => at < Date.now() - OLD_MS)
    if (earlier !== undefined) this.#compare(samplesOf(text), earlier.series)
  }

  #compare(shown: Map<string, number>, earlier: Map<string, Bounds>): void {
    this.#checks++
    const now = expectationOf(this.#campaign.ledgers).series
    for (const [key, { most }] of now) {
      const value = shown.get(key) ?? 0
      const least = earlier.get(key)?.least ?? 0
      if (value < least || value > most) {
        this.complaints.push(`${key}: ${value}, not ${least} to ${most}`)
      }
    }
  }
}
