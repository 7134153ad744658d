import { mkdtempSync, rmSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { MeterService } from '../../dist/meter/service.js'
import { Outside, type OutsideReadings } from '../../dist/observer/outside/index.js'
import { Talk } from '../fixtures/talk.js'

const SERVICE = '../observer/fixtures/service.mjs'

/** Sees to it that something is cleaned up at the end. */
export type Cleanup = (clean: () => void) => void

/** A directory in memory that goes with the test. */
export function temporaryDirectory(cleanup: Cleanup = onTestFinished): string {
  const path = mkdtempSync('/dev/shm/threadmeter-observer-')
  cleanup(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

/** A process of the service in `dir` whose threads do as they are told. */
export class ServiceProcess {
  readonly #talk: Talk
  readonly tids = new Map<string, number>()
  slot = -1

  private constructor(talk: Talk) {
    this.#talk = talk
  }

  static async start(
    dir: string,
    workers: string[] = [],
    { interval = 200, cleanup = onTestFinished as Cleanup } = {},
  ): Promise<ServiceProcess> {
    const started = new ServiceProcess(Talk.fixture(SERVICE, { args: [dir, String(interval)] }))
    cleanup(() => started.kill())
    const { tid, slot } = await started.#talk.hear<{ tid: number; slot: number }>()
    started.tids.set('main', tid)
    started.slot = slot
    for (const name of workers) await started.add(name)
    return started
  }

  get pid(): number {
    return this.#talk.pid
  }

  async add(name: string): Promise<void> {
    const { tid } = await this.#talk.ask<{ tid: number }>(`start ${name}`)
    this.tids.set(name, tid)
  }

  /** Resolves when the thread has begun, and for `end` when it is gone. */
  async tell(name: string, action: 'burn' | 'hold' | 'end', ms = 0): Promise<void> {
    await this.#talk.ask(`${action} ${name} ${ms}`)
  }

  /** Ends it in good order. */
  async end(): Promise<void> {
    await this.#talk.end()
  }

  kill(): void {
    try {
      process.kill(this.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }

  async killed(): Promise<void> {
    this.kill()
    await this.#talk.end()
  }
}

/** An observer as the real one is put together, without its server. */
export class TestObserver {
  readonly service: MeterService
  readonly outside: Outside
  readings: OutsideReadings | undefined

  constructor(dir: string, { minInterval = 1, leads = true } = {}) {
    this.service = new MeterService(dir, { onEnded: () => this.outside.settle(this.service) })
    this.outside = new Outside({ directory: dir, minInterval })
    if (leads && !this.service.lead()) throw new Error('somebody else leads')
    onTestFinished(() => this.service.close())
  }

  collect(): OutsideReadings {
    this.service.refresh()
    this.readings = this.outside.collect(this.service)
    return this.readings
  }

  /** Values by `name{label=value,…}`. */
  values(): Record<string, number> {
    return valuesOf(this.collect())
  }
}

export function valuesOf({ families }: OutsideReadings): Record<string, number> {
  const lines = families.flatMap(({ description, series }) =>
    series.map(({ labels, values, index }): [string, number] => {
      const text = labels.map((pair) => pair.join('=')).join(',')
      return [`${description.name}{${text}}`, values[index] as number]
    }),
  )
  return Object.fromEntries(lines)
}

/** The sum of the values whose names begin like this and hold all of these labels. */
export function sumOf(values: Record<string, number>, name: string, ...labels: string[]): number {
  return Object.entries(values)
    .filter(([key]) => key.startsWith(`${name}{`) && labels.every((label) => key.includes(label)))
    .reduce((sum, [, value]) => sum + value, 0)
}
