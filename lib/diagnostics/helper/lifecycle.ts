import { ThreadmeterError } from '../../errors.js'
import type { Lifecycle } from '../channel/lifecycle.js'

/** What the main thread and the helper share: 32-bit words. */
const WORDS = 3
/** How many hold the process, and whether its exit has begun. */
const STATE = 0
/** 1 once the helper has done what it had to before the end. */
const DONE = 1
/** How many workers wait at their end for the helper. */
const RETAINED = 2

const EXITING = 0x4000_0000

/** How long an exit waits for what is captured. */
const EXIT_MS = 500
/** And at most for workers to be let go, without which it could not end. */
const LET_GO_MS = 5000
const LOOK_MS = 10
/** Within that: what the listeners have for it, before answers go out. */
const LISTENERS_MS = 430

export const newLifeWords = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT))

/**
 * The main thread's part, while it exits: forbids to hold it from now on; where somebody does, tells the
 * helper and gives it time to let go. It can still answer the inspector meanwhile: Atomics.wait lets V8
 * run interrupts.
 *
 * @returns whether the helper has let go
 */
export function endLife(words: Int32Array<SharedArrayBuffer>, tell: () => void): boolean {
  if (Atomics.or(words, STATE, EXITING) === 0) return true
  tell()
  Atomics.wait(words, DONE, 0, EXIT_MS)
  const latest = performance.now() + LET_GO_MS
  while (retainedBy(words) > 0 && performance.now() < latest) {
    Atomics.wait(words, RETAINED, retainedBy(words), LOOK_MS)
  }
  return Atomics.load(words, STATE) === EXITING || Atomics.load(words, DONE) === 1
}

/** How many workers cannot end unless the helper lets them go. */
export const retainedBy = (words: Int32Array<SharedArrayBuffer>): number =>
  Atomics.load(words, RETAINED)

/** Resolves when `promise` settles, however, and after `ms` at the latest. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise.catch(() => {}), late])
  clearTimeout(timer)
}

function once(release: () => void): () => void {
  let isHeld = true
  return () => {
    if (isHeld) release()
    isHeld = false
  }
}

/** The helper's part. */
export class HelperLife implements Lifecycle {
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #listeners: (() => Promise<void>)[] = []

  constructor(words: Int32Array<SharedArrayBuffer>) {
    this.#words = words
  }

  get isEnding(): boolean {
    return (Atomics.load(this.#words, STATE) & EXITING) !== 0
  }

  hold(): () => void {
    // In one step with the look at the exit: else it could begin in between, and wait for nobody.
    for (let state = Atomics.load(this.#words, STATE); ; ) {
      if ((state & EXITING) !== 0) {
        throw new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(process.pid)])
      }
      const before = Atomics.compareExchange(this.#words, STATE, state, state + 1)
      if (before === state) return once(() => Atomics.sub(this.#words, STATE, 1))
      state = before
    }
  }

  retain(): () => void {
    Atomics.add(this.#words, RETAINED, 1)
    return once(() => Atomics.sub(this.#words, RETAINED, 1))
  }

  onEnding(listener: () => Promise<void>): void {
    this.#listeners.push(listener)
  }

  /** Lets the listeners do what they have to before the process ends. */
  async end(): Promise<void> {
    const all = this.#listeners.splice(0).map(async (listener) => listener())
    await settledWithin(Promise.allSettled(all), LISTENERS_MS)
  }

  /** Lets the exit go on. */
  done(): void {
    Atomics.store(this.#words, DONE, 1)
    Atomics.notify(this.#words, DONE)
  }
}
