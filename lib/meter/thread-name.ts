// A number at the end, with what separates it from the name: `job-12` and `job 12` are of `job`.
const TRAILING_NUMBER = /[^\p{L}\p{N}]*\p{N}+$/u

// threadIds beyond are of workers that come and go: their figures are shown under their pool's name.
const LAST_LABELED = 100

/** The name of the pool that a thread's name belongs to; empty for a name that is but a number. */
export const poolOf = (name: string): string => name.replace(TRAILING_NUMBER, '')

/** Whether a name is that of one of many. */
export const isNumbered = (name: string): boolean => TRAILING_NUMBER.test(name)

/** Under which name the figures of a thread are shown: bounded, however many threads come. */
export function labelOf(name: string, threadId: number): string {
  if (threadId <= LAST_LABELED) return name
  return poolOf(name) || 'worker'
}
