/** One call of a sample, as perf-script(1) prints it. */
export interface PerfFrame {
  /** Hexadecimal. */
  readonly address: string
  readonly symbol: string
  /** The file that it is in, or what the kernel calls the memory. */
  readonly dso: string
}

export interface PerfSample {
  readonly comm: string
  readonly tid: number
  /** Seconds on perf's clock. */
  readonly time: number
  /** Innermost first. */
  readonly frames: readonly PerfFrame[]
}

/** What perf is to print, and in which shape {@link PerfScriptParser} reads it. */
export const SCRIPT_FIELDS = 'comm,tid,time,ip,sym,dso'

// Names of threads may hold spaces and numbers: the last pair of numbers counts.
const HEAD = /^\s*(.*?)\s+(\d+)\s+(\d+\.\d+):\s*$/

// Symbols may hold spaces and brackets, and so may paths: what begins like a path or a name in brackets counts.
const CALL = /^\s*([0-9a-f]+)\s+(.*) \(((?:\/|\[|anon|inlined\b).*?)\)$/

const DELETED = ' (deleted))'

function frameIn(line: string): PerfFrame | undefined {
  const text = line.endsWith(DELETED) ? `${line.slice(0, -DELETED.length)})` : line
  const [, address, symbol, dso] = CALL.exec(text) ?? []
  if (address === undefined) return undefined
  // Of inlined calls there is no file.
  return {
    address,
    symbol: symbol as string,
    dso: dso === 'inlined' ? '' : (dso as string),
  }
}

/** Reads what `perf script` prints, line by line: a head, its calls, an empty line. */
export class PerfScriptParser {
  readonly #onSample: (sample: PerfSample) => void
  #head: Omit<PerfSample, 'frames'> | undefined
  #frames: PerfFrame[] = []
  #isInside = false
  /** Samples whose head could not be read. */
  skipped = 0

  constructor(onSample: (sample: PerfSample) => void) {
    this.#onSample = onSample
  }

  line(line: string): void {
    if (line.trim() === '') this.end()
    else if (this.#isInside) this.#call(line)
    else this.#begin(line)
  }

  /** The last sample need not be followed by an empty line. */
  end(): void {
    if (this.#head !== undefined) this.#onSample({ ...this.#head, frames: this.#frames })
    else if (this.#isInside) this.skipped++
    this.#head = undefined
    this.#frames = []
    this.#isInside = false
  }

  #begin(line: string): void {
    this.#isInside = true
    const [, comm, tid, time] = HEAD.exec(line) ?? []
    if (comm === undefined) return
    this.#head = { comm, tid: Number(tid), time: Number(time) }
  }

  #call(line: string): void {
    const frame = frameIn(line)
    if (frame !== undefined) this.#frames.push(frame)
  }
}
