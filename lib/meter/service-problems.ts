import { join } from 'node:path'
import type { Merge } from './merge.js'
import type { MeterFiles } from './meter-files.js'
import type { Problems } from './problems.js'
import type { MeterFileError } from './reader.js'
import { SET_ASIDE } from './retired.js'

/** What there is to look at after a refresh. */
interface State {
  readonly dir: string
  readonly files: MeterFiles
  readonly merge: Merge
  readonly totalsError: MeterFileError | undefined
  readonly foldError: unknown
}

function noteFiles(problems: Problems, { dir, files }: State): void {
  for (const [name, { reason, text }] of files.refused) problems.add(reason, name, text)
  for (const { name, life } of files.all) {
    if (life !== 'unknown') continue
    const text = `${join(dir, name)}: whether its thread lives cannot be seen from here`
    problems.add('other-namespace', name, text)
  }
}

function noteTotals(problems: Problems, { dir, files, totalsError, foldError }: State): void {
  if (totalsError !== undefined) problems.add(totalsError.reason, 'retired', totalsError.message)
  if (foldError !== undefined) {
    const text = `${dir}: the totals of ended threads cannot be written: ${foldError}`
    problems.add('not-folded', '', text)
  }
  if (!files.names.includes(SET_ASIDE)) return
  const text = `${join(dir, SET_ASIDE)}: totals of ended threads that cannot be read`
  problems.add('set-aside', '', text)
}

function noteFamilies(problems: Problems, { dir, merge }: State): void {
  for (const { name, threads } of merge.conflicts) {
    const text = `${name}: ${threads} threads mean another metric by this name than most do`
    problems.add('family-conflict', name, text, threads)
  }
  const unfit = merge.unfitFiles
  if (unfit === 0) return
  problems.add('unfit-series', '', `${dir}: series do not fit their families`, unfit)
}

/** Counts anew what does not count as it should. */
export function noteProblems(problems: Problems, state: State): void {
  problems.begin()
  noteFiles(problems, state)
  noteTotals(problems, state)
  noteFamilies(problems, state)
  problems.end()
}
