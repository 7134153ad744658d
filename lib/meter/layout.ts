/**
 * The layout of a meter file: the bytes that one thread writes and any reader may read. docs/meter-files.md
 * tells the same to readers in other languages. All numbers are little-endian and aligned to their size.
 *
 * The file begins with a header of {@link HEADER_BYTES}. Segments follow it without gaps; each begins with
 * a segment header, and the file ends where the header's `end` says, whatever its size is. A segment is
 * a piece of the catalogue or a run of values; neither is ever moved or shortened.
 */

/** "THRMETER" */
export const MAGIC = 'THRMETER'

/** Readers skip files of a version they do not know. */
export const LAYOUT_VERSION = 1

/** Where the first segment begins. */
export const HEADER_BYTES = 1024

/** What a writer never exceeds and a reader never takes in, so that no file can exhaust a reader. */
export const LIMITS = {
  fileBytes: 128 * 2 ** 20,
  catalogueBytes: 32 * 2 ** 20,
  segments: 8192,
  /** At one time, as are series. */
  families: 2 ** 16,
  series: 2 ** 20,
} as const

/** Byte offsets in the header. `f64` unless it says otherwise. */
export const HEADER = {
  /** 8 bytes of ASCII. */
  magic: 0,
  /** u32 */
  version: 8,
  /** u32: where the first segment begins. */
  headerBytes: 12,
  /** i32, one of {@link STATE}; stored last when the file is made. */
  state: 16,
  /** u32: bytes of all segments that are complete, header included: where the file ends for a reader. */
  end: 20,
  /** u32: catalogue records that are complete, over all segments; stored after the record. */
  records: 24,
  /** u32: series that are kept in memory alone because the file could not grow. */
  unstored: 28,
  /** i32: the errno for that; 0 when there is none. */
  error: 32,
  /** u32, one of {@link KIND}. */
  kind: 36,
  pid: 40,
  /** Clock ticks after boot, field 22 of /proc/<pid>/stat. */
  processStart: 48,
  tid: 56,
  /** The same of /proc/<pid>/task/<tid>/stat. */
  threadStart: 64,
  threadId: 72,
  /** Inode of /proc/self/ns/pid: pids mean nothing to a reader in another namespace. */
  pidNamespace: 80,
  /** ms since the Unix epoch. */
  createdAt: 88,
  /** The lowest number that no other live process of the directory had when this one joined. */
  processSlot: 96,
  /** ms on CLOCK_MONOTONIC at which the thread last told about its event loop; 0: never. */
  loopStamp: 104,
  /** ms its event loop had been idle then. */
  loopIdle: 112,
  /** ms for which a thread in good health lets its loop stamp stand at most. */
  loopInterval: 120,
  /**
   * What the thread had used when it ended: ns, µs, µs, ns, count, count; NaN for what could not be had.
   * Set when `state` is ended.
   */
  finalCpu: 128,
  finalUser: 136,
  finalSystem: 144,
  finalRunDelay: 152,
  finalVoluntary: 160,
  finalInvoluntary: 168,
  /** u32: 1 where the writer holds an flock(2) on the file for as long as it lives. */
  locked: 176,
  /** u32 byte length, then UTF-8: the name under which the thread's figures are shown, bounded. */
  label: 192,
  labelBytes: 128,
  /** The same: the worker's own name or `worker-<threadId>`. */
  name: 328,
  nameBytes: 128,
  /** The same: the Node version. */
  nodeVersion: 464,
  nodeVersionBytes: 32,
  /** The same: the script or package that the process runs, to show to people. */
  program: 504,
  programBytes: 256,
} as const

/**
 * Values of the header's `state`. `replaced`: the thread goes on in another file, which has taken this
 * one's name.
 */
export const STATE = { making: 0, live: 1, ended: 2, replaced: 3 } as const

/** Values of the header's `kind`; `retired` is the file of what ended threads counted. */
export const KIND = { main: 0, worker: 1, observer: 2, retired: 3 } as const

/** Byte offsets in a segment's header; a segment is {@link SEGMENT.bytes} long, header included. */
export const SEGMENT = {
  /** u32, one of {@link SEGMENT_KIND}. */
  kind: 0,
  /** u32, a multiple of 8. */
  bytes: 4,
  /** u32: bytes of records in use, without this header (catalogue only). */
  used: 8,
  headerBytes: 16,
} as const

export const SEGMENT_KIND = { catalogue: 1, values: 2 } as const

/**
 * Kinds of catalogue records. A record is u32 kind, u32 bytes (all of it, a multiple of 8), then u32
 * fields. Strings, families and series are numbered in the order of their records, from 0. A reader
 * skips kinds it does not know. A slot is a file offset divided by 8.
 */
export const RECORD = {
  /** byteLength, UTF-8 bytes. */
  string: 1,
  /**
   * name, help (strings), type, aggregator (places in the lists of model.ts), flags, number of labels,
   * number of f64 parameters, 0; then the label names (strings), padded to 8 bytes; then the parameters.
   */
  family: 2,
  /** family, slot, number of slots, number of labels, then the label values (strings or NO_LABEL). */
  series: 3,
  /** series: gone; its slots may be used again by a later record. */
  removeSeries: 4,
  /** family: gone with all its series. */
  removeFamily: 5,
  /** series, page (i32), slot, number of slots: a page of sketch buckets of a summary. */
  sketch: 6,
  /** series, slot, number of slots: the exemplars of a series, in the place of those before. */
  exemplars: 7,
  /** number of pairs, then name and value (strings) of each: the default labels from now on. */
  defaultLabels: 8,
  /** A string: the name of a meter file whose counters are in this file's (retired totals only). */
  folded: 9,
} as const

export const NO_LABEL = 0xffffffff

/** Flags of a family. */
export const FAMILY_FLAG = {
  /** About the thread itself: never summed over processes, shown with a `process` label instead. */
  perProcess: 1,
} as const
