import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { PROCESS_PARTS } from '../../adapters/process-parts.js'
import { FIGURES, figures, type ThreadFigures } from '../../adapters/thread-totals.js'
import type { CpuUsage } from '../../cpu/fallback.js'
import { THREAD_ROLES, type ThreadRole } from '../../cpu/roles.js'
import { type FileLock, lockWithin } from '../../meter/locks.js'
import { SlotTotals } from './slot-totals.js'

/** The file in the runtime directory that keeps the counters for the next observer. */
const OBSERVED = 'observed'

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants

const VERSION = 1
// Others hold it for the time of one update.
const LOCK_MS = 20
const LARGEST = 64 * 1024 * 1024

type Numbers = (number | null)[]

interface SavedSlot {
  slot: number
  total: Numbers
  /** user and system of each part. */
  parts: Numbers
  processes: [key: string, ...cpu: number[]][]
  series: [thread: string, role: string, threadId: number | null, ...figures: Numbers][]
  /** The series are told by their place in `series`. */
  counted: [key: string, series: number, ended: number, missed: number, ...figures: Numbers][]
}

interface Saved {
  version: number
  slots: SavedSlot[]
}

const numbersOf = (from: ThreadFigures): Numbers =>
  FIGURES.map((figure) => (Number.isNaN(from[figure]) ? null : from[figure]))

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function checked(value: unknown): number {
  if (!isNumber(value)) throw new TypeError('not a counter')
  return value
}

function takeFigures(into: ThreadFigures, numbers: Numbers): void {
  FIGURES.forEach((figure, place) => {
    const value = numbers[place]
    into[figure] = value === null ? Number.NaN : checked(value)
  })
}

function save(slot: number, totals: SlotTotals): SavedSlot {
  const all = [...totals.series.values()]
  const places = new Map(all.map((series, place) => [series, place]))
  return {
    slot,
    total: [totals.total.user, totals.total.system],
    parts: PROCESS_PARTS.flatMap((part) => [totals.parts[part].user, totals.parts[part].system]),
    processes: [...totals.processes].map(([key, { user, system }]) => [key, user, system]),
    series: all.map((one) => [one.thread, one.role, one.threadId, ...numbersOf(one)]),
    counted: [...totals.counted].map(([key, { series, ended, missed, last }]) => [
      key,
      places.get(series) as number,
      ended ? 1 : 0,
      missed,
      ...numbersOf(last),
    ]),
  }
}

function restore(saved: SavedSlot): SlotTotals {
  const totals = new SlotTotals()
  const usage = (user: unknown, system: unknown): CpuUsage => ({
    user: checked(user),
    system: checked(system),
  })
  Object.assign(totals.total, usage(...(saved.total as [unknown, unknown])))
  PROCESS_PARTS.forEach((part, place) => {
    Object.assign(totals.parts[part], usage(saved.parts[place * 2], saved.parts[place * 2 + 1]))
  })
  for (const [key, user, system] of saved.processes) {
    totals.processes.set(String(key), usage(user, system))
  }
  const all = saved.series.map(([thread, role, threadId, ...numbers]) => {
    if (!THREAD_ROLES.includes(role as ThreadRole)) throw new TypeError('no such role')
    const series = totals.restore(String(thread), role as ThreadRole, threadId)
    takeFigures(series, numbers)
    return series
  })
  for (const [key, place, ended, missed, ...numbers] of saved.counted) {
    const series = all[place]
    if (series === undefined) throw new TypeError('no such series')
    const last = figures(0)
    takeFigures(last, numbers)
    totals.counted.set(String(key), { series, ended: ended === 1, last, missed: checked(missed) })
  }
  return totals
}

/** The counters as text. */
export const encode = (slots: ReadonlyMap<number, SlotTotals>): string =>
  JSON.stringify({
    version: VERSION,
    slots: [...slots].filter(([slot]) => slot >= 0).map(([slot, totals]) => save(slot, totals)),
  } satisfies Saved)

/** The counters of a text; throws when it is none. */
export function decode(text: string): Map<number, SlotTotals> {
  const saved = JSON.parse(text) as Saved
  if (saved.version !== VERSION) throw new TypeError('another version')
  return new Map(saved.slots.map((slot) => [checked(slot.slot), restore(slot)]))
}

/** Never follows a link, waits for a FIFO, or takes over what another user left. */
function readOwn(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const stats = fstatSync(fd)
    const isOwn = stats.isFile() && stats.uid === process.geteuid?.()
    if (!isOwn || stats.size > LARGEST) throw new TypeError('not a file of this user')
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** The file of one runtime directory. */
export class ObservedFile {
  readonly path: string
  #seen: string | undefined

  constructor(directory: string) {
    this.path = `${directory}/${OBSERVED}`
  }

  /** To be held from reading to writing; undefined when another observer holds it for long. Never throws. */
  lock(): FileLock | undefined {
    try {
      return lockWithin(`${this.path}.lock`, LOCK_MS)
    } catch {
      return undefined
    }
  }

  /** The counters as another observer left them; undefined when they are those that were read or written last. */
  read(): Map<number, SlotTotals> | undefined {
    const text = readOwn(this.path)
    if (text === undefined || text === this.#seen) return undefined
    const slots = decode(text)
    this.#seen = text
    return slots
  }

  /** Puts the file in place whole or not at all: a reader sees the text before or this one. */
  write(slots: ReadonlyMap<number, SlotTotals>): void {
    const text = encode(slots)
    if (text === this.#seen) return
    const fd = openSync(`${this.path}.new`, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600)
    try {
      writeFileSync(fd, text)
    } finally {
      closeSync(fd)
    }
    renameSync(`${this.path}.new`, this.path)
    this.#seen = text
  }
}
