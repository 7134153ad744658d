import { lifeOfProcess, ownProcess, processText } from '../meter/liveness.js'

/**
 * In the environment of a process that observes, and of its children: which process it is, and the runtime
 * directory. Its children need no observer of their own for as long as it lives.
 */
const VARIABLE = 'THREADMETER_OBSERVED_BY'

const MARK = /^(\d+)-(\d+)-(\d+):(.*)$/s

const ownMark = (directory: string): string => `${processText(ownProcess())}:${directory}`

/** Tells children from now on that this process observes. */
export function setMark(directory: string): void {
  process.env[VARIABLE] = ownMark(directory)
}

export function removeMark(directory: string): void {
  if (process.env[VARIABLE] === ownMark(directory)) delete process.env[VARIABLE]
}

/** Whether another process that lives observes the directory, as its environment tells this one. */
export function isObservedByParent(directory: string): boolean {
  const [, pid, processStart, pidNamespace, observed] = MARK.exec(process.env[VARIABLE] ?? '') ?? []
  if (observed === undefined || observed !== directory || Number(pid) === process.pid) return false
  const parent = {
    pid: Number(pid),
    processStart: Number(processStart),
    pidNamespace: Number(pidNamespace),
  }
  return lifeOfProcess(parent) !== 'dead'
}
