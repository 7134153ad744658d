import { readlinkSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { harmless } from './terminal/text.js'

/** What a program is called wherever people read it: its file, however it was started. */
export const programName = (program: string): string => harmless(basename(program) || program)

interface Named {
  readonly pid: number
  readonly program: string
}

/** The folder of a process's script, which may have been named from where it started. */
function folderOf({ pid, program }: Named): string {
  try {
    return dirname(resolve(readlinkSync(`/proc/${pid}/cwd`), program))
  } catch {
    return dirname(program)
  }
}

/** The names of several programs, with their folders where they are called the same. */
export function distinctNames(processes: readonly Named[]): string[] {
  const names = processes.map(({ program }) => programName(program))
  return processes.map((process, place) => {
    const name = names[place] as string
    const isUnique = names.indexOf(name) === names.lastIndexOf(name)
    return isUnique ? name : `${name} in ${folderOf(process)}`
  })
}
