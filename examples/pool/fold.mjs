// Threads of one name in one row, for a terminal that is too short for all of them.

const SEVERITY = ['idle', 'busy', 'blocked', 'starved']

function mean(threads, key) {
  if (threads[0][key] === null) return null
  return threads.reduce((sum, thread) => sum + thread[key], 0) / threads.length
}

const worst = (samples) =>
  SEVERITY[Math.max(...samples.map(({ verdict }) => SEVERITY.indexOf(verdict)))]

function mergedHistory(threads) {
  const length = Math.max(...threads.map(({ history }) => history.length))
  return Array.from({ length }, (_, at) => {
    // Threads of one name may have started at different times: aligned at their last looks.
    const looks = threads.flatMap(({ history }) => history.at(at - length) ?? [])
    return { cpu: mean(looks, 'cpu'), verdict: worst(looks) }
  })
}

/** One row for several threads: CPU summed, the other shares averaged, the worst verdict. */
function merged(threads) {
  const meanOf = (key) => mean(threads, key)
  const shares = {
    user: meanOf('user'),
    system: meanOf('system'),
    runDelay: meanOf('runDelay'),
    eventLoopUtilization: meanOf('eventLoopUtilization'),
  }
  return {
    ...threads[0],
    ...shares,
    count: threads.length,
    cpu: meanOf('cpu') * threads.length,
    user: shares.user * threads.length,
    system: shares.system * threads.length,
    mean: shares,
    verdict: worst(threads),
    history: mergedHistory(threads),
  }
}

const isHelper = ({ threadId }) => threadId === null

/** Threads of one role and name, in the order of their first. */
function groupsOf(threads) {
  const groups = new Map()
  for (const thread of threads) {
    const key = `${thread.role} ${thread.name}`
    groups.set(key, [...(groups.get(key) ?? []), thread])
  }
  return [...groups.values()]
}

/**
 * Folds threads of one role and name into one row while there are more rows than `room`: helpers first, then
 * the largest group, and so on.
 */
export function fold(threads, room) {
  const groups = groupsOf(threads)
  const folded = new Set()
  const byNeed = groups
    .filter((group) => group.length > 1)
    .toSorted((a, b) => isHelper(b[0]) - isHelper(a[0]) || b.length - a.length)
  let rows = threads.length
  for (const group of byNeed) {
    if (rows <= room) break
    folded.add(group)
    rows -= group.length - 1
  }
  return groups.flatMap((group) => (folded.has(group) ? merged(group) : group))
}
