import { watch } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Program, proofFixture } from './program.js'

// A lane starts one kind of process again and again and kills it at a random moment of its life: while
// it starts, attaches, counts, grows its files, serves or folds.

const BIRTH_SHARE = 0.3
const BIRTH_MS = 250
const LIFE_MS = 120

// Observers fold once a second, for a few milliseconds: some are killed while they do.
const FOLD_SHARE = 0.25
const FOLD_WAIT_MS = 2_000
const FOLD_MS = 3

export interface Campaign {
  readonly dir: string
  readonly ledgers: string
  readonly env: Record<string, string>
  readonly random: () => number
  /** Where metrics are served now. */
  readonly urls: Set<string>
}

export interface Lane {
  readonly what: string
  /** Kills so many processes. */
  run(kills: number): Promise<void>
  /** Lets the last ones end in order. */
  stop(): Promise<void>
}

/** Waits for a moment at which to kill: soon after the start, or some time after `ready`. */
async function moment({ random }: Campaign, ready: () => Promise<unknown>): Promise<void> {
  if (random() < BIRTH_SHARE) return sleep(random() * BIRTH_MS)
  await ready()
  await sleep(random() * LIFE_MS)
}

/** Waits until the observer has begun to write new totals, if it does, and up to some ms more. */
async function foldBy(pid: number, { dir, random }: Campaign): Promise<void> {
  const isOver = AbortSignal.timeout(FOLD_WAIT_MS)
  try {
    for await (const { filename } of watch(dir, { signal: isOver })) {
      if (filename === `.retired-${pid}`) break
    }
  } catch (error) {
    if (!isOver.aborted) throw error
  }
  const until = performance.now() + random() * FOLD_MS
  while (performance.now() < until);
}

abstract class ProgramLane implements Lane {
  abstract readonly what: string
  readonly campaign: Campaign
  #last: Program | undefined
  #url: string | undefined

  constructor(campaign: Campaign) {
    this.campaign = campaign
  }

  protected abstract readonly args: readonly string[]
  protected readonly folds: boolean = false
  protected abstract ready(program: Program): Promise<string | undefined>

  async #untilReady(program: Program): Promise<void> {
    this.#url = await this.ready(program)
    if (this.#url !== undefined) this.campaign.urls.add(this.#url)
  }

  async run(kills: number): Promise<void> {
    for (let killed = 0; killed < kills; killed++) {
      const program = new Program(this.args, this.campaign.env)
      if (this.folds && this.campaign.random() < FOLD_SHARE) {
        await this.#untilReady(program)
        await foldBy(program.pid, this.campaign)
      } else {
        await moment(this.campaign, () => this.#untilReady(program))
      }
      if (program.hasEnded) throw new Error(`${this.what} ended by itself: ${program.errors}`)
      await program.kill()
      if (this.#url !== undefined) this.campaign.urls.delete(this.#url)
    }
    this.#last = new Program(this.args, this.campaign.env)
    await this.#untilReady(this.#last)
  }

  async stop(): Promise<void> {
    const last = this.#last as Program
    this.halt(last)
    const ending = await last.ended()
    if (ending !== 0) throw new Error(`${this.what} ended with ${ending}: ${last.errors}`)
  }

  protected halt(program: Program): void {
    program.send('stop')
  }
}

/** Processes that count in two worker threads and in their main thread. */
export class Writers extends ProgramLane {
  readonly what = 'a process with worker threads'
  protected readonly args = [proofFixture('writer'), this.campaign.ledgers, '2']

  protected ready(program: Program): Promise<undefined> {
    return program.received(({ counting }) => counting && null).then(() => undefined)
  }
}

/** The same, with an observer in it. */
export class ObservingWriters extends ProgramLane {
  readonly what = 'a process that counts and observes'
  protected override readonly folds = true
  protected readonly args = [proofFixture('writer'), this.campaign.ledgers, '1', 'observe']

  protected ready(program: Program): Promise<string> {
    return program.received(({ counting, url }) => counting && url)
  }
}

/** Observers that do nothing else. */
export class Observers extends ProgramLane {
  readonly what = 'threadmeter serve'
  protected override readonly folds = true
  protected readonly args = ['dist/cli/main.js', 'serve', '--port', '0']

  protected async ready(program: Program): Promise<string> {
    const [url] = await program.said(/http:\/\/[\d.]+:\d+/)
    return url
  }

  protected override halt(program: Program): void {
    program.child.kill('SIGTERM')
  }
}

/** The children of a cluster, which its primary replaces. */
export class ClusterChildren implements Lane {
  readonly what = 'a cluster child with a worker thread'
  readonly #campaign: Campaign
  readonly #primary: Program
  readonly #dead = new Set<number>()

  constructor(campaign: Campaign) {
    this.#campaign = campaign
    const args = [proofFixture('cluster'), '2', campaign.ledgers, '1']
    this.#primary = new Program(args, campaign.env)
  }

  async run(kills: number): Promise<void> {
    for (let killed = 0; killed < kills; killed++) {
      const pid = await this.#primary.received<number>(({ started }) => started)
      await moment(this.#campaign, () =>
        this.#primary.received(({ counting: p }) => p === pid || undefined),
      )
      process.kill(pid, 'SIGKILL')
      this.#dead.add(pid)
      await this.#primary.received(({ ended }) => ended === pid || undefined)
    }
  }

  async stop(): Promise<void> {
    // All that are left count by now.
    const left = new Set<number>()
    const living = ({ counting: pid }: { counting?: number }) =>
      this.#dead.has(pid ?? 0) ? undefined : pid
    while (left.size < 2) left.add(await this.#primary.received(living))
    this.#primary.send('stop')
    await this.#primary.received(({ stopped }) => stopped)
  }

  /** The process that is never killed. */
  get pid(): number {
    return this.#primary.pid
  }

  /** Lets the primary end too, and the service with it. */
  async end(): Promise<void> {
    this.#primary.send('end')
    const ending = await this.#primary.ended()
    if (ending !== 0) throw new Error(`the primary ended with ${ending}: ${this.#primary.errors}`)
  }
}
