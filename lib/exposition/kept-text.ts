import type { FamilyDescription } from '../meter/model.js'
import { MOST_DIGITS, writeNumber } from './digits.js'
import type { ExpositionFormat } from './format.js'
import {
  exemplarLines,
  lineExemplar,
  lineNumbers,
  linePrefixes,
  mostLines,
  type SeriesFigures,
  type SeriesLabels,
} from './series-lines.js'
import { TextPage } from './text-page.js'

/** Where the lines of one series are. */
export class SeriesPlace {
  /** In the text of which exposition. */
  edition = 0
  format: ExpositionFormat = 'text'
  start = 0
  end = 0
  /** The number of its first line. */
  line = 0
}

/**
 * The text of one exposition after the other, each made of the one before: most of a large catalogue stays
 * as it is. A number that is as long as the one before is written over it; all that stands between numbers
 * of other lengths is copied in one piece.
 */
export class KeptText {
  #last = new TextPage()
  #next = new TextPage()
  #edition = 0
  #isWhole = false
  #digits = new Uint8Array(MOST_DIGITS)
  // What is to be taken over from the last text next.
  #from = 0
  #to = 0

  begin(): void {
    const last = this.#next
    this.#next = this.#last
    this.#last = last
    this.#next.clear()
    this.#from = this.#to = 0
    // What was begun and not finished is not there to be taken over.
    this.#edition += this.#isWhole ? 1 : 2
    this.#isWhole = false
  }

  /** The whole text. It holds until the next one is begun. */
  finish(): Buffer {
    this.#flush()
    this.#isWhole = true
    return this.#next.bytes.subarray(0, this.#next.used)
  }

  write(text: string): void {
    this.#flush()
    this.#next.write(text)
  }

  /** Writes a series, and notes in `place` where. `labelsOf` gives its labels when they are needed. */
  writeSeries(
    family: FamilyDescription,
    format: ExpositionFormat,
    place: SeriesPlace,
    figures: SeriesFigures,
    labelsOf: () => SeriesLabels,
  ): void {
    const next = this.#next
    next.reserveLines(mostLines(family))
    const first = next.lines
    const end = lineNumbers(family, figures, next.numbers, first)
    const exemplars = first + exemplarLines(family, figures, format)
    const isKept = place.edition === this.#edition - 1 && place.format === format
    const start = this.#position
    if (isKept) this.#renew(place, end, exemplars, figures)
    else this.#make(linePrefixes(family, labelsOf(), format), exemplars, figures)
    next.lines = end
    place.edition = this.#edition
    place.format = format
    place.start = start
    place.end = this.#position
    place.line = first
  }

  /** Where the next text is written. */
  get #position(): number {
    return this.#next.used + this.#to - this.#from
  }

  #make(prefixes: readonly string[], exemplars: number, figures: SeriesFigures): void {
    this.#flush()
    const next = this.#next
    const first = next.lines
    for (let i = 0; i < prefixes.length; i++) {
      const line = first + i
      next.write(prefixes[i] as string)
      next.starts[line] = next.used
      next.reserve(MOST_DIGITS + 1)
      next.used = writeNumber(next.numbers[line] as number, next.bytes, next.used)
      if (line < exemplars) this.#writeExemplar(line, i, figures)
      next.ends[line] = next.used
      next.write('\n')
    }
  }

  /** Takes the lines over, with the numbers that are others now. */
  #renew(place: SeriesPlace, end: number, exemplars: number, figures: SeriesFigures): void {
    const last = this.#last
    const next = this.#next
    const first = next.lines
    const { numbers, starts, ends } = next
    this.#keep(place.start, place.start)
    let shift = this.#position - place.start
    for (let line = first; line < end; line++) {
      const before = place.line + line - first
      const from = last.starts[before] as number
      const to = last.ends[before] as number
      starts[line] = from + shift
      if (line < exemplars) {
        this.#keep(this.#to, from)
        this.#flush()
        next.reserve(MOST_DIGITS)
        next.used = writeNumber(numbers[line] as number, next.bytes, next.used)
        this.#writeExemplar(line, line - first, figures)
        this.#from = this.#to = to
        shift = next.used - to
      } else if (numbers[line] !== last.numbers[before]) {
        shift = this.#replace(numbers[line] as number, from, to, shift)
      }
      ends[line] = to + shift
    }
    this.#keep(this.#to, place.end)
  }

  /** Puts a number in the place of that before; returns by how much the text after it is shifted. */
  #replace(value: number, from: number, to: number, shift: number): number {
    const digits = this.#digits
    const length = writeNumber(value, digits, 0)
    if (length === to - from) {
      // Nobody looks at the last text any more.
      const { bytes } = this.#last
      for (let i = 0; i < length; i++) bytes[from + i] = digits[i] as number
      return shift
    }
    this.#keep(this.#to, from)
    this.#flush()
    this.#next.copy(digits, 0, length)
    this.#from = this.#to = to
    return shift + length - (to - from)
  }

  #writeExemplar(line: number, place: number, figures: SeriesFigures): void {
    this.#next.write(lineExemplar(figures, place))
    // Of an exemplar one cannot tell that it is the same.
    this.#next.numbers[line] = Number.NaN
  }

  /** Takes over a part of the last text, together with what comes before it where that is its neighbour. */
  #keep(from: number, to: number): void {
    if (from !== this.#to) {
      this.#flush()
      this.#from = from
    }
    this.#to = to
  }

  #flush(): void {
    if (this.#to > this.#from) this.#next.copy(this.#last.bytes, this.#from, this.#to)
    this.#from = this.#to
  }
}
