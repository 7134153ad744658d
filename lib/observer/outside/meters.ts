import type { MeterHeader } from '../../meter/layout-header.js'

/** What a thread wrote into the header of its meter file. */
export type ThreadHeader = MeterHeader

/** An open meter file. */
export interface OpenMeter {
  readonly header: ThreadHeader
}

/** The meter files of one service. */
export interface MeterSource {
  /** Of threads that live, as far as is known. */
  readonly meters: Iterable<OpenMeter>
  /** Of threads that ended. */
  readonly ended: Iterable<OpenMeter>
}

export function* allOf({ meters, ended }: MeterSource): Iterable<OpenMeter> {
  yield* meters
  yield* ended
}

export const processKey = (pid: number, start: number): string => `${pid}.${start}`

export const threadKey = (process: string, tid: number, start: number): string =>
  `${process}.${tid}.${start}`

/** The process of a thread. */
export const processOf = (key: string): string => key.split('.', 2).join('.')

/** The thread that a header belongs to, in all time. */
export const keyOf = ({ pid, processStart, tid, threadStart }: ThreadHeader): string =>
  threadKey(processKey(pid, processStart), tid, threadStart)
