import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { threads } from 'threadmeter'

const task = fileURLToPath(new URL('fixtures/task.mjs', import.meta.url))

/** Runs a worker of that name (or none) to its end, and returns the µs that it says it used. */
export async function runTask(name: string | undefined, ms: number): Promise<number> {
  const worker = new Worker(task, { execArgv: [], workerData: { name, ms } })
  const [[used]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  return used as number
}

/** Runs one task after the other in so many lanes, and returns what each said that it used. */
export async function runTasks(
  names: readonly (string | undefined)[],
  lanes: number,
  ms: number,
): Promise<number[]> {
  const used: number[] = []
  const waiting = names.entries()
  const lane = async (): Promise<void> => {
    for (const [index, name] of waiting) used[index] = await runTask(name, ms)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return used
}

/**
 * Waits until every thread counts: one that could still become a worker does not in its first second,
 * and libuv's pool may be that young.
 */
export async function allCount(): Promise<void> {
  const isYoung = ({
    threadId,
    startTime,
  }: {
    threadId: number | null
    startTime: number | null
  }) => threadId === null && Date.now() - (startTime ?? 0) < 1100
  while (threads().some(isYoung)) await sleep(50)
}
