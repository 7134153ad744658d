import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { constants as os } from 'node:os'
import { HEADER, HEADER_BYTES, LIMITS, SEGMENT, SEGMENT_KIND, STATE } from './layout.js'
import { encodeHeader, type HeaderFields } from './layout-header.js'

/** Allocates a part of a file and maps it; the errno where that fails. `native.mapSegment`. */
export type MapSegment = (fd: number, offset: number, bytes: number) => ArrayBuffer | number

/** A mapped segment; `bytes` and `offset` without the segment's header. */
export interface Segment {
  readonly kind: number
  /** Header included, so that word offsets are those of the layout. */
  readonly words: Uint32Array
  readonly buffer: ArrayBuffer
  /** Where in `buffer`. */
  readonly start: number
  /** Where in the file. */
  readonly offset: number
  readonly bytes: number
}

/** Bytes of the first two segments, their headers included. */
export interface FirstSegments {
  readonly catalogue: number
  readonly values: number
}

const PAGE = 4096
const MODE = 0o600
const MODE_BITS = 0o777
const LARGEST_STEP = 65_536
const RETRY_MS = 1000
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants

// 16 KiB with the header: room for the default metrics of a thread.
export const SMALL: FirstSegments = { catalogue: 11_264, values: 4096 }

const pages = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE

/** A file that its thread writes. `error` holds the errno of what last failed. */
export class MeterFile {
  error = 0
  /** The first catalogue and the first values. */
  readonly first: readonly [Segment, Segment]
  #fd: number
  #map: MapSegment
  #header: Uint32Array
  #figures: Float64Array
  #end: number
  #path: string
  #bytes: Record<number, number>
  #triesAgainAt = 0

  private constructor(
    path: string,
    fd: number,
    map: MapSegment,
    buffer: ArrayBuffer,
    sizes: FirstSegments,
    fields: HeaderFields,
  ) {
    this.#path = path
    this.#fd = fd
    this.#map = map
    this.#header = new Uint32Array(buffer, 0, HEADER_BYTES / 4)
    this.#figures = new Float64Array(buffer, 0, HEADER_BYTES / 8)
    const values = HEADER_BYTES + sizes.catalogue
    this.#end = values + sizes.values
    const end = this.#end
    encodeHeader(new Uint8Array(buffer, 0, HEADER_BYTES), { ...fields, end, state: STATE.making })
    const { catalogue: C, values: V } = SEGMENT_KIND
    this.first = [
      segmentIn(buffer, HEADER_BYTES, 0, C, sizes.catalogue),
      segmentIn(buffer, values, 0, V, sizes.values),
    ]
    this.#bytes = { [C]: sizes.catalogue, [V]: sizes.values }
  }

  /**
   * Makes a file of state making.
   *
   * @throws what the operating system says, also by `code` EEXIST
   */
  static create(
    path: string,
    map: MapSegment,
    fields: HeaderFields,
    { catalogue, values }: FirstSegments,
  ): MeterFile {
    const bytes = pages(HEADER_BYTES + catalogue + values)
    if (bytes > LIMITS.fileBytes || catalogue > LIMITS.catalogueBytes) {
      throw errnoError(os.errno.EFBIG, path)
    }
    const fd = openSync(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, MODE)
    try {
      // Whatever the umask says: its own observer must be able to read it. Node's permission model
      // forbids the call itself.
      if ((fstatSync(fd).mode & MODE_BITS) !== MODE) fchmodSync(fd, MODE)
      const buffer = map(fd, 0, bytes)
      if (typeof buffer === 'number') throw errnoError(buffer, path)
      const sizes = { catalogue, values: bytes - HEADER_BYTES - catalogue }
      return new MeterFile(path, fd, map, buffer, sizes, fields)
    } catch (error) {
      closeSync(fd)
      unlinkQuietly(path)
      throw error
    }
  }

  get path(): string {
    return this.#path
  }

  get fd(): number {
    return this.#fd
  }

  /** A further segment with room for `content` bytes, or undefined where the file cannot grow. */
  grow(kind: number, content: number): Segment | undefined {
    if (this.#triesAgainAt > 0 && performance.now() < this.#triesAgainAt) return undefined
    const step = Math.min(LARGEST_STEP, this.#bytes[kind] as number)
    const bytes = pages(Math.max(step, content + SEGMENT.headerBytes))
    const buffer = this.#allocate(kind, bytes)
    if (typeof buffer === 'number') {
      this.error = buffer
      this.#triesAgainAt = performance.now() + RETRY_MS
      return undefined
    }
    const segment = segmentIn(buffer, 0, this.#end, kind, bytes)
    this.#end += bytes
    this.#bytes[kind] = (this.#bytes[kind] as number) + bytes
    publish(this.#header, HEADER.end / 4, this.#end)
    return segment
  }

  /** What has been stored before is there for whoever sees `records`. */
  publishRecords(records: number): void {
    publish(this.#header, HEADER.records / 4, records)
  }

  noteUnstored(unstored: number): void {
    this.#header[HEADER.unstored / 4] = unstored
    this.#header[HEADER.error / 4] = unstored === 0 ? 0 : this.error
  }

  /** Whether it is still where readers find it. */
  get isLinked(): boolean {
    try {
      return this.#fd >= 0 && fstatSync(this.#fd).nlink > 0
    } catch {
      return false
    }
  }

  stampLoop(now: number, idle: number, interval: number): void {
    this.#figures[HEADER.loopIdle / 8] = idle
    this.#figures[HEADER.loopInterval / 8] = interval
    this.#figures[HEADER.loopStamp / 8] = now
  }

  noteLocked(): void {
    this.#header[HEADER.locked / 4] = 1
  }

  setState(state: number): void {
    publish(this.#header, HEADER.state / 4, state)
  }

  /** @throws what the operating system says */
  rename(path: string): void {
    renameSync(this.#path, path)
    this.#path = path
  }

  /** The mapped memory stays usable. */
  close(): void {
    if (this.#fd < 0) return
    closeSync(this.#fd)
    this.#fd = -1
  }

  /** Takes the file away, if that can be; what is in it stays usable as memory. Never throws. */
  abandon(): void {
    this.close()
    unlinkQuietly(this.#path)
  }

  #allocate(kind: number, bytes: number): ArrayBuffer | number {
    const isCatalogue = kind === SEGMENT_KIND.catalogue
    if (this.#fd < 0) return os.errno.EBADF
    if (this.#end + bytes > LIMITS.fileBytes) return os.errno.EFBIG
    if (isCatalogue && (this.#bytes[kind] as number) + bytes > LIMITS.catalogueBytes) {
      return os.errno.EFBIG
    }
    const buffer = this.#map(this.#fd, this.#end, bytes)
    if (typeof buffer === 'number') this.#cut()
    return buffer
  }

  /** Gives back what may have been allocated before the rest could not be. */
  #cut(): void {
    try {
      ftruncateSync(this.#fd, this.#end)
    } catch {
      // It stays allocated, beyond the end.
    }
  }
}

function segmentIn(
  buffer: ArrayBuffer,
  at: number,
  base: number,
  kind: number,
  bytes: number,
): Segment {
  const words = new Uint32Array(buffer, at, bytes / 4)
  words[SEGMENT.kind / 4] = kind
  words[SEGMENT.bytes / 4] = bytes
  return {
    kind,
    words,
    buffer,
    start: at + SEGMENT.headerBytes,
    offset: base + at + SEGMENT.headerBytes,
    bytes: bytes - SEGMENT.headerBytes,
  }
}

/**
 * A store that comes after all earlier ones and before all later ones, for readers on other processors:
 * on arm64 a store-release alone lets later stores overtake it, but not the load-acquire behind it (Arm
 * ARM, barrier-ordered-before).
 */
function publish(words: Uint32Array, at: number, value: number): void {
  Atomics.store(words, at, value)
  Atomics.load(words, at)
}

/** ENOSPC for 28. */
export const nameOfErrno = (errno: number): string =>
  Object.entries(os.errno).find(([, number]) => number === errno)?.[0] ?? `${errno}`

function errnoError(errno: number, path: string): Error {
  const code = nameOfErrno(errno)
  return Object.assign(new Error(`${code}: cannot allocate ${path}`), { code, errno })
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Readers pass over hidden files; whoever cleans the directory takes it.
  }
}
