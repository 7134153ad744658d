// Who is on stage: the workers beside the pool, and what each of them was made to do.
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

const ACTOR = new URL('actor.mjs', import.meta.url)
const LOAD = new URL('load.mjs', import.meta.url)

const MAX_CROWD = 32
const THREADS_PER_PROCESSOR = 2

/** Processors that this process may use. */
export const processors = availableParallelism()

/** Threads that come in addition, so that every processor is wanted by three or so. */
export const crowdSize = Math.min(processors * THREADS_PER_PROCESSOR, MAX_CROWD)

/** Whether these are enough: on a machine with many processors they are not. */
export const isCrowdEnough = crowdSize === processors * THREADS_PER_PROCESSOR

const DOING_BY_NAME = {
  pool: 'hash, compress, JSON',
  crunch: 'hashes all the time',
  shell: "execSync('sleep 0.5')",
  standby: 'waits for a message',
  load: 'sends HTTP requests',
  crowd: 'wants a processor too',
}
const DOING_BY_ROLE = {
  main: 'HTTP, metrics, this table',
  v8: 'collects garbage, compiles',
  libuv: 'gzips the responses',
  inspector: 'waits for a debugger',
}

/** In words, what the example makes a thread do: to be compared with what the table measured. */
export const doingOf = ({ name, role }) => DOING_BY_NAME[name] ?? DOING_BY_ROLE[role] ?? ''

/** Starts the workers; `onError` hears of one that fails. */
export function startCast({ url, onError }) {
  const start = (file, workerData) =>
    new Worker(file, { name: workerData.name, workerData }).on('error', onError)
  const act = (name, action) => start(ACTOR, { name, action })

  const regulars = [act('crunch', 'hash'), act('shell', 'execSync'), act('standby', 'wait')]
  const load = start(LOAD, { name: 'load', url })
  let crowd = []

  const dismiss = (workers) => Promise.all(workers.map((worker) => worker.terminate()))

  return {
    /** Resolves once all of them run. */
    ready: Promise.all([...regulars, load].map((worker) => once(worker, 'online'))),
    setLoad(clients, pause) {
      load.postMessage({ clients, pause })
    },
    setCrowd(wanted) {
      if (wanted === crowd.length > 0) return
      const leaving = crowd
      crowd = wanted ? Array.from({ length: crowdSize }, () => act('crowd', 'hash')) : []
      dismiss(leaving).catch(onError)
    },
    close: () => dismiss([...regulars, load, ...crowd]),
  }
}
