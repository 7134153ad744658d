import { readdirSync, readFileSync } from 'node:fs'

/** ns by the kernel's clock: proc_pid_schedstat, whose first number it is. */
const cpuOfThread = (pid, tid) =>
  Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0])

function cpuIfThere(pid, tid) {
  try {
    return cpuOfThread(pid, tid)
  } catch {
    // It has ended since.
    return 0
  }
}

/** CPU of one thread, and of all threads of the process that are there. */
export function cpuOf({ pid, tid }) {
  const tids = readdirSync(`/proc/${pid}/task`)
  return {
    thread: cpuOfThread(pid, tid),
    process: tids.reduce((sum, each) => sum + cpuIfThere(pid, each), 0),
  }
}
