// The worker of the piscina pool: every thread of the pool loads this file.
import { measureCpu, setThreadName } from 'threadmeter'
import { TASKS } from './tasks.mjs'

// Importing threadmeter registers the thread. Its name: Node 20 tells no worker's, and piscina gives none.
setThreadName('pool')

/** Runs a task, and tells what it cost this thread: `{ value, cpuTime, wallTime }`, times in ns. */
export default function run(task) {
  return measureCpu(TASKS[task])
}
