/**
 * The columns of a row that {@link threadsInto} writes: a thread takes `THREAD_ROW.length` numbers. What is
 * not known, or was not asked for, is NaN.
 */
export const THREAD_ROW = {
  /** Identity of the thread within this process, never used twice (a tid is). */
  uid: 0,
  tid: 1,
  threadId: 2,
  /** Index into `THREAD_ROLES`. */
  role: 3,
  /** ms since the Unix epoch. */
  startTime: 4,
  /** ns. */
  cpuTime: 5,
  /** µs. */
  user: 6,
  /** µs. */
  system: 7,
  /** ns. */
  runDelay: 8,
  /** ms. */
  idle: 9,
  /** ms. */
  active: 10,
  voluntary: 11,
  involuntary: 12,
  /** Character code of the kernel's state letter. */
  state: 13,
  length: 14,
} as const
