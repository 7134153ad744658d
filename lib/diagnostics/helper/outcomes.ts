/** What comes in from many places, as one sequence: each as soon as it is there. */
export class Outcomes<T> {
  readonly #ready: T[] = []
  #running = 0
  #failure: { error: unknown } | undefined
  #wake: () => void = () => {}

  /** What the work brings belongs to the sequence, which goes on until all work is done. */
  add(work: Promise<T>): void {
    this.during(work.then((outcome) => void this.#ready.push(outcome)))
  }

  /** The sequence goes on until the work is done, and fails with it. */
  during(work: Promise<void>): void {
    this.#running++
    work
      .catch((error) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#running--
        this.#wake()
      })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      const next = this.#ready.shift()
      if (next !== undefined) yield next
      else if (this.#failure !== undefined) throw this.#failure.error
      else if (this.#running === 0) return
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
