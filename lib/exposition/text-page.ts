const FIRST_BYTES = 4096
const FIRST_LINES = 64
// Of one UTF-16 unit in UTF-8.
const MOST_BYTES = 3

/** The text of one exposition in UTF-8, and where in it each number is. */
export class TextPage {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  used = 0

  /** The number that each line shows; NaN where more than the number may change. */
  numbers = new Float64Array(FIRST_LINES)
  /** Where its text begins and ends. */
  starts = new Uint32Array(FIRST_LINES)
  ends = new Uint32Array(FIRST_LINES)
  lines = 0

  clear(): void {
    this.used = 0
    this.lines = 0
  }

  write(text: string): void {
    this.reserve(text.length * MOST_BYTES)
    this.used += this.bytes.write(text, this.used)
  }

  copy(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    this.bytes.set(from.subarray(start, end), this.used)
    this.used += end - start
  }

  /** Makes room for so many bytes. */
  reserve(bytes: number): void {
    const least = this.used + bytes
    if (least <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(least, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.used)
    this.bytes = larger
  }

  /** Makes room for so many lines. */
  reserveLines(lines: number): void {
    const least = this.lines + lines
    if (least <= this.numbers.length) return
    const length = Math.max(least, this.numbers.length * 2)
    this.numbers = enlarged(this.numbers, new Float64Array(length))
    this.starts = enlarged(this.starts, new Uint32Array(length))
    this.ends = enlarged(this.ends, new Uint32Array(length))
  }
}

function enlarged<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
