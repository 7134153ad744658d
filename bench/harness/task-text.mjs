import { readdirSync, readFileSync } from 'node:fs'

/** User and system ticks of every thread, the way it is done without an addon. */
export function readTaskText() {
  let ticks = 0
  for (const tid of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${tid}/stat`, 'latin1')
    // The name in parentheses may itself hold spaces and parentheses: proc_pid_stat(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks
}
