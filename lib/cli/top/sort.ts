import { THREAD_ROLES } from '../../cpu/roles.js'
import type { ServiceThread } from '../../observer/outside/index.js'

/** What the rows can be sorted by. */
export const SORTS = ['cpu', 'delay', 'elu', 'name', 'pid'] as const

export type Sort = (typeof SORTS)[number]

type Order = (a: ServiceThread, b: ServiceThread) => number

const byPid: Order = (a, b) => a.pid - b.pid || a.tid - b.tid

// Those that run JavaScript first: they are what it is mostly about.
const byRole: Order = (a, b) => THREAD_ROLES.indexOf(a.role) - THREAD_ROLES.indexOf(b.role)

// As it is shown: what looks the same must not change places. What is not known comes last.
const SHOWN = 1000
const shown = (share: number | null): number => (share === null ? -1 : Math.round(share * SHOWN))

const descending =
  (figure: (thread: ServiceThread) => number | null): Order =>
  (a, b) =>
    shown(figure(b)) - shown(figure(a))

const names = new Intl.Collator('en', { numeric: true })

const ORDERS: Readonly<Record<Sort, Order>> = {
  cpu: descending(({ cpu }) => cpu),
  delay: descending(({ runDelay }) => runDelay),
  elu: descending(({ eventLoopUtilization }) => eventLoopUtilization),
  name: (a, b) => names.compare(a.name, b.name),
  pid: byPid,
}

/** The threads in that order; those that are equal in it by role, process and thread. */
export function sorted(
  threads: readonly ServiceThread[],
  sort: Sort,
  reversed: boolean,
): ServiceThread[] {
  const order = ORDERS[sort]
  const direction = reversed ? -1 : 1
  return threads.toSorted((a, b) => direction * order(a, b) || byRole(a, b) || byPid(a, b))
}
