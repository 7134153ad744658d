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

/** Folds threads of one role and name while there are more rows than `room`: helpers first. */
export function fold(threads, room) {
  let rows = threads
  for (const foldable of [({ threadId }) => threadId === null, () => true]) {
    if (rows.length <= room) break
    const groups = new Map()
    for (const thread of rows) {
      const key = foldable(thread) && !thread.mean ? `${thread.role} ${thread.name}` : thread
      groups.set(key, [...(groups.get(key) ?? []), thread])
    }
    rows = [...groups.values()].map((group) => (group.length > 1 ? merged(group) : group[0]))
  }
  return rows
}
