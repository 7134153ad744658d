import { existsSync } from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'
import { available, type Capability, messageOf, missing } from '../capability.js'
import { type Native, native } from '../native.js'
import { joinDirectory, rejoinDirectory } from './directory.js'
import { STATE } from './layout.js'
import type { HeaderFields } from './layout-header.js'
import { MemoryStore } from './memory-store.js'
import type { SeriesStore } from './model.js'
import { monotonicMs } from './monotonic.js'
import { meterFiles, noteMeterFile } from './status.js'
import { ownIdentity } from './thread-identity.js'
import { MeterWriter } from './writer.js'
import { type FirstSegments, MeterFile, nameOfErrno, SMALL } from './writer-file.js'

export { meterFiles } from './status.js'

const DEFAULT_INTERVAL_MS = 1000
const RETRY_MS = 10_000
// Copies of threadmeter that a thread may have loaded, each with a file of its own.
const MAX_COPIES = 16

/** What a thread needs to make files of its own. */
interface Place {
  readonly native: Native
  readonly directory: string
  readonly name: string
  readonly identity: HeaderFields
}

// Where series are kept, and in whose file an observer sees them: the same once the thread is attached.
let store: SeriesStore = new MemoryStore()
let visible: MeterWriter | undefined
let place: Place | undefined
let wantsSmallerFile = false
let triedAt = Number.NEGATIVE_INFINITY
const listeners: ((store: SeriesStore) => void)[] = []

/** Where the series of this thread are kept. */
export const threadStore = (): SeriesStore => store

/**
 * Calls `move` whenever the store is replaced (a file took the place of memory, or a smaller file that of
 * a larger one): it must make all its series anew in the store given and copy their values, at once.
 */
export function onStoreReplaced(move: (store: SeriesStore) => void): void {
  listeners.push(move)
}

/**
 * Moves the series of this thread into a meter file in the runtime directory of the service, if there is
 * one. Does nothing when they are there already; what failed is tried again. Never throws.
 *
 * Cost: 2 to 4 ms, once.
 */
export function attachThread(): Capability {
  if (store === visible) return meterFiles()
  triedAt = performance.now()
  try {
    const refusal = attach()
    noteMeterFile(refusal === undefined ? tellOfFile : () => refusal)
  } catch (error) {
    noteMeterFile(() => missing(messageOf(error)))
  }
  return meterFiles()
}

/**
 * Tells readers how long the event loop has been idle, and that it turns: `interval` is after how many
 * ms this is going to be told again. Also tries again what failed for want of room. Never throws.
 *
 * Cost: 0.1 to 0.2 µs.
 */
export function stampLoop(interval: number = DEFAULT_INTERVAL_MS): void {
  visible?.file.stampLoop(monotonicMs(), performance.nodeTiming.idleTime, interval)
  if (performance.now() - triedAt < RETRY_MS) return
  triedAt = performance.now()
  if (store !== visible) attachThread()
  else if (!visible.file.isLinked) returnToDirectory()
  else if (visible.unstored > 0 || wantsSmallerFile) replaceFile()
}

/** What readers see of the thread that has a file. */
function tellOfFile(): Capability {
  const { file, unstored } = visible as MeterWriter
  if (!file.isLinked) return missing(`${file.path} has been removed`)
  if (unstored === 0) return available(file.path)
  return missing(`${file.path}: ${unstored} series are not in it: ${nameOfErrno(file.error)}`)
}

/** Somebody has removed the directory: systemd-logind does when the user's last session ends. */
function returnToDirectory(): void {
  const directory = rejoinDirectory()
  if (native === undefined || !directory.available) return
  place = findPlace(native, directory.path, directory.slot)
  replaceFile()
}

/** Undefined when the thread has its file, else why not. */
function attach(): Capability | undefined {
  if (native === undefined) return meterFiles()
  if (native.runtimeDirectory() === '' && (process.env.THREADMETER_DIR ?? '') === '') {
    return missing(
      'no runtime directory: observe() was not called or found none, and THREADMETER_DIR is not set',
    )
  }
  // What is mapped is stored in the processor's own order.
  if (endianness() !== 'LE') return missing('meter files are little-endian, this processor is not')
  const directory = joinDirectory()
  if (!directory.available) return directory
  place ??= findPlace(native, directory.path, directory.slot)
  moveInto(place, store instanceof MeterWriter ? store.needs : SMALL)
  return undefined
}

function findPlace(native: Native, directory: string, processSlot: number): Place {
  const identity = ownIdentity(native, processSlot)
  const { pid, processStart, tid, threadStart } = identity
  const base = `${pid}-${processStart}-${tid}-${threadStart}`
  // Another copy of threadmeter may have been loaded in this thread.
  const names = Array.from(
    { length: MAX_COPIES },
    (_, i) => `${base}${i === 0 ? '' : `-${i}`}.meter`,
  )
  const isFree = (name: string): boolean =>
    !existsSync(join(directory, name)) && !existsSync(join(directory, `.${name}`))
  const name = names.find(isFree)
  if (name === undefined)
    throw new Error(`${directory}: this thread has ${MAX_COPIES} files already`)
  return { native, directory, name, identity }
}

/** Fills a file under a hidden name and lets it take its name, and the place of the one before. */
function moveInto({ native, directory, name, identity }: Place, sizes: FirstSegments): void {
  const file = MeterFile.create(join(directory, `.${name}`), native.mapSegment, identity, sizes)
  try {
    // The kernel drops it with the thread or the process: seen from any PID namespace.
    if (native.lockFile(file.fd)) file.noteLocked()
    const next = new MeterWriter(file, replaceFileSoon)
    store = next
    for (const move of listeners) move(next)
    file.setState(STATE.live)
    // Where the thread's end cannot be told in the file, its absence from /proc tells it.
    native.bindMeter(file.fd)
    file.rename(join(directory, name))
    visible?.file.setState(STATE.replaced)
    visible?.file.close()
    visible = next
  } catch (error) {
    file.abandon()
    throw error
  }
}

/** Not at once: whoever removes series may be about to remove more. */
function replaceFileSoon(): void {
  wantsSmallerFile = true
  queueMicrotask(replaceFile)
}

/** Goes on in a new file without what is gone, and with what had found no room. */
function replaceFile(): void {
  if (place === undefined || visible === undefined || store !== visible) return
  triedAt = performance.now()
  try {
    moveInto(place, visible.needs)
    wantsSmallerFile = false
  } catch {
    // The file that is there goes on; stampLoop() tries again.
  }
}
