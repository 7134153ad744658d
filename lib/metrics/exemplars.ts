import { inspect } from 'node:util'
import { outOfRange } from '../errors.js'
import {
  exemplarSlots,
  exemplarStride,
  mergeExemplars,
  openExemplars,
  writeExemplar,
} from '../meter/exemplar-slots.js'
import type { SeriesStore, Slots } from '../meter/model.js'

/** Labels of an exemplar, such as the id of the trace that it was taken from. */
export type ExemplarLabels = Readonly<Record<string, string | number>>

/** An exemplar as `get()` shows it. */
export interface ExemplarObject {
  readonly labelSet: ExemplarLabels
  readonly value: number
  /** Seconds since the Unix epoch. */
  readonly timestamp: number
}

/** Names and values of an exemplar's labels together, as the OpenMetrics specification says. */
const MAX_CHARACTERS = 128

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const SPECIAL = /[\\\n"]/

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

function escapeValue(value: string): string {
  if (!SPECIAL.test(value)) return value
  return value.replace(/[\\\n"]/g, (character) => escapes[character] as string)
}

/** Code points, which is what the specification counts; UTF-16 units are at least as many. */
const characters = (text: string): number => [...text].length

function tooLong(labels: ExemplarLabels): Error {
  return outOfRange('exemplarLabels', `at most ${MAX_CHARACTERS} characters in all`, labels)
}

/** The labels as they stand between braces. */
function textOf(labels: ExemplarLabels): string {
  let text = ''
  let plain = ''
  for (const name of Object.keys(labels)) {
    if (!LABEL_NAME.test(name)) {
      throw new Error(`Invalid label name of an exemplar: ${inspect(name)}`)
    }
    const value = String(labels[name])
    plain += name + value
    text += `${text === '' ? '' : ','}${name}="${escapeValue(value)}"`
  }
  if (plain.length > MAX_CHARACTERS && characters(plain) > MAX_CHARACTERS) throw tooLong(labels)
  return text
}

/** The exemplars of one series: one of a counter, or one per bucket of a histogram. */
export class SeriesExemplars {
  #store: SeriesStore
  #series: number
  readonly #places: number
  readonly #shown: (ExemplarObject | undefined)[] = []
  #block: Slots | undefined
  #stride = 0

  constructor(store: SeriesStore, series: number, places: number) {
    this.#store = store
    this.#series = series
    this.#places = places
  }

  /** Where they are kept; undefined until there is one. */
  get block(): Slots | undefined {
    return this.#block
  }

  /** The newest of a place, for `get()`. */
  at(place: number): ExemplarObject | undefined {
    return this.#shown[place]
  }

  /**
   * Takes the place of the last one.
   *
   * @throws `RangeError` `ERR_THREADMETER_OUT_OF_RANGE`: labels of more than 128 characters in all
   * @throws `Error`: a label name that Prometheus does not allow
   */
  set(place: number, labels: ExemplarLabels, value: number): void {
    const text = textOf(labels)
    const timestamp = Date.now() / 1000
    const exemplar = { labels: text, value, timestamp }
    if (this.#block === undefined) this.#makeRoom(exemplarStride(text))
    if (!writeExemplar(this.#block as Slots, place, exemplar)) {
      this.#makeRoom(exemplarStride(text))
      writeExemplar(this.#block as Slots, place, exemplar)
    }
    this.#shown[place] = { labelSet: { ...labels }, value, timestamp }
  }

  /** Forgets all of them. */
  clear(): void {
    this.#shown.length = 0
    if (this.#block === undefined) return
    const { values, index } = this.#block
    values.fill(0, index, index + exemplarSlots(this.#places, this.#stride))
    openExemplars(this.#block, this.#places, this.#stride)
  }

  /** Copies them to another store, where the series has another number. */
  move(store: SeriesStore, series: number): void {
    this.#store = store
    this.#series = series
    if (this.#block !== undefined) this.#makeRoom(this.#stride)
  }

  #makeRoom(stride: number): void {
    const block = this.#store.exemplars(this.#series, exemplarSlots(this.#places, stride))
    openExemplars(block, this.#places, stride)
    if (this.#block !== undefined) mergeExemplars(block, this.#block)
    this.#block = block
    this.#stride = stride
  }
}
