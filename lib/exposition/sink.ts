/** Where an exposition is written, piece by piece. */
export interface TextSink {
  write(text: string): void
}

/** Pieces that become one string. */
export class StringSink implements TextSink {
  #pieces: string[] = []

  write(text: string): void {
    this.#pieces.push(text)
  }

  toString(): string {
    return this.#pieces.join('')
  }
}

const FIRST_BYTES = 64 * 1024
// Of one UTF-16 unit in UTF-8.
const MOST_BYTES = 3

/**
 * UTF-8 in a buffer that is kept for the next exposition: where most lines are as they were, four times as
 * fast as a string that has to be flattened and encoded afterwards.
 */
export class BufferSink implements TextSink {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #used = 0

  write(text: string): void {
    const most = this.#used + text.length * MOST_BYTES
    if (most > this.#buffer.length) this.#grow(most)
    this.#used += this.#buffer.write(text, this.#used)
  }

  /** A copy of what was written; the next exposition begins. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#used))
    this.#used = 0
    return taken
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(least, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#used)
    this.#buffer = larger
  }
}
