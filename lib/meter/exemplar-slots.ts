import type { Slots } from './model.js'

/**
 * Exemplars in the slots of a series: one per bucket of a histogram, one for a counter. A block begins
 * with two slots, how many exemplars it has room for and how many slots each takes; an exemplar is its
 * check, value, time and length of text, then the text in UTF-8, eight bytes to a slot.
 *
 * A thread writes one while others read it, and no order of stores or loads is sure on every processor. So
 * the check is a hash of all the rest: what does not agree with it was read halfway, and is not shown.
 */

/** The exemplar of a bucket or counter. */
export interface Exemplar {
  /** Its labels as they stand between braces in OpenMetrics. */
  readonly labels: string
  readonly value: number
  /** Seconds since the Unix epoch. */
  readonly timestamp: number
}

const BLOCK = { places: 0, stride: 1, entries: 2 } as const
const ENTRY = { check: 0, value: 1, timestamp: 2, bytes: 3, text: 4 } as const

const SLOT_BYTES = 8
// Texts differ a little in length: with some room to spare the block is seldom made anew.
const TEXT_STEP_SLOTS = 4
/** 128 characters of labels with all that OpenMetrics puts around them, if each has a name of its own. */
const MAX_STRIDE = ENTRY.text + 256

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const one = new Float64Array(1)
const words = new Uint32Array(one.buffer)

const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** A hash of an entry but for its check; never 0, which is that of an entry never written. */
function checkOf(values: Float64Array, entry: number, bytes: number): number {
  let hash = FNV_BASIS
  const end = entry + ENTRY.text + Math.ceil(bytes / SLOT_BYTES)
  for (let slot = entry + ENTRY.value; slot < end; slot++) {
    // UTF-8 never looks like a NaN, the one float64 whose bits an assignment may change: 0xFF is no byte of
    // it, and 0x7F does not follow one of 0xF0 and above.
    one[0] = values[slot] as number
    hash = Math.imul(hash ^ (words[0] as number), FNV_PRIME)
    hash = Math.imul(hash ^ (words[1] as number), FNV_PRIME)
    hash ^= hash >>> 15
  }
  return hash >>> 0 || 1
}

/** How many slots a block takes. */
export const exemplarSlots = (places: number, stride: number): number =>
  BLOCK.entries + places * stride

/** How many slots an exemplar with that text takes, and others that are a little longer. */
export function exemplarStride(text: string): number {
  const slots = Math.ceil(encoder.encode(text).length / SLOT_BYTES)
  return ENTRY.text + Math.max(1, Math.ceil(slots / TEXT_STEP_SLOTS)) * TEXT_STEP_SLOTS
}

const strideOf = ({ values, index }: Slots): number => values[index + BLOCK.stride] as number
const placesOf = ({ values, index }: Slots): number => values[index + BLOCK.places] as number

/** Where the exemplar of a place begins, or -1 when the block has no such place. */
function entryOf(block: Slots, place: number): number {
  const stride = strideOf(block)
  const isSound = Number.isInteger(stride) && stride > ENTRY.text && stride <= MAX_STRIDE
  if (!isSound || !(place < placesOf(block))) return -1
  const entry = block.index + BLOCK.entries + place * stride
  return entry + stride <= block.values.length ? entry : -1
}

/** Makes a block of slots that are all 0 ready for exemplars. */
export function openExemplars({ values, index }: Slots, places: number, stride: number): void {
  values[index + BLOCK.stride] = stride
  values[index + BLOCK.places] = places
}

/** Stores an exemplar; false when its text needs a larger block. */
export function writeExemplar(block: Slots, place: number, exemplar: Exemplar): boolean {
  const { values } = block
  const entry = entryOf(block, place)
  const room = (strideOf(block) - ENTRY.text) * SLOT_BYTES
  // A character of a string is at most three bytes of UTF-8.
  const { length } = exemplar.labels
  if (entry < 0 || (length * 3 > room && encoder.encode(exemplar.labels).length > room))
    return false
  const offset = values.byteOffset + (entry + ENTRY.text) * SLOT_BYTES
  const text = new Uint8Array(values.buffer, offset, room)
  values[entry + ENTRY.check] = 0
  values[entry + ENTRY.value] = exemplar.value
  values[entry + ENTRY.timestamp] = exemplar.timestamp
  const { written } = encoder.encodeInto(exemplar.labels, text)
  text.fill(0, written, Math.min(room, written + SLOT_BYTES))
  values[entry + ENTRY.bytes] = written
  values[entry + ENTRY.check] = checkOf(values, entry, written)
  return true
}

/** How many bytes of text the entry has, or -1 when it is empty or was read halfway. */
function soundBytes(block: Slots, entry: number): number {
  const { values } = block
  const check = values[entry + ENTRY.check] as number
  if (check === 0) return -1
  const bytes = values[entry + ENTRY.bytes] as number
  const room = (strideOf(block) - ENTRY.text) * SLOT_BYTES
  if (!(bytes >= 0 && bytes <= room)) return -1
  return check === checkOf(values, entry, bytes) ? bytes : -1
}

function decode({ buffer, byteOffset }: Float64Array, slot: number, bytes: number): string {
  try {
    return decoder.decode(new Uint8Array(buffer, byteOffset + slot * SLOT_BYTES, bytes))
  } catch {
    return '\n'
  }
}

/** The exemplar of a bucket or of a counter (place 0), unless there is none or it was read halfway. */
export function readExemplar(block: Slots, place: number): Exemplar | undefined {
  const { values } = block
  const entry = entryOf(block, place)
  const bytes = entry < 0 ? -1 : soundBytes(block, entry)
  if (bytes < 0) return undefined
  const labels = decode(values, entry + ENTRY.text, bytes)
  // A file not written by this library must not be able to add lines to a text.
  if (labels.includes('\n')) return undefined
  return {
    labels,
    value: values[entry + ENTRY.value] as number,
    timestamp: values[entry + ENTRY.timestamp] as number,
  }
}

/** Copies what the source has later than the target; both have the same places. */
function copyNewer(target: Slots, source: Slots): void {
  const places = Math.min(placesOf(target), placesOf(source))
  for (let place = 0; place < places; place++) {
    const [to, from] = [entryOf(target, place), entryOf(source, place)]
    if (to < 0 || from < 0) return
    const time = source.values[from + ENTRY.timestamp] as number
    if (!(time > (target.values[to + ENTRY.timestamp] as number))) continue
    const bytes = soundBytes(source, from)
    if (bytes < 0) continue
    const slots = ENTRY.text + Math.ceil(bytes / SLOT_BYTES)
    target.values.set(source.values.subarray(from, from + slots), to)
  }
}

/** An empty block in memory, for as many exemplars of as much text. */
export function exemplarBlock(places: number, stride: number): Slots {
  const block = { values: new Float64Array(exemplarSlots(places, stride)), index: 0 }
  openExemplars(block, places, stride)
  return block
}

/**
 * Merges the exemplars of one more thread: the newest of each bucket stays. Gives `target` itself, or a new
 * block when it was none or too small; a source that holds nothing sound is left out.
 */
export function mergeExemplars(target: Slots | undefined, source: Slots): Slots | undefined {
  const places = placesOf(source)
  if (!Number.isInteger(places) || entryOf(source, places - 1) < 0) return target
  const stride = strideOf(source)
  if (target !== undefined && strideOf(target) >= stride) {
    copyNewer(target, source)
    return target
  }
  const larger = exemplarBlock(target === undefined ? places : placesOf(target), stride)
  if (target !== undefined) copyNewer(larger, target)
  copyNewer(larger, source)
  return larger
}

/** How many slots a block takes, to find room for it elsewhere. */
export const blockSlots = (block: Slots): number => exemplarSlots(placesOf(block), strideOf(block))
