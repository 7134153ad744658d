import { DoorClient } from '../../diagnostics/door/client.js'
import { ownPidNamespace, programOf } from '../../observer/outside/process-files.js'
import { processesNamed, processesWithDoors } from '../capture/processes.js'
import type { Command, OperandKind } from '../command.js'
import { COMMANDS } from '../commands.js'
import { ownNodes } from '../own-nodes.js'
import { programName } from '../program-name.js'
import { runningServices } from '../top/services.js'
import { optionsOf, spellingsOf } from './options.js'

type Candidate = readonly [word: string, meaning: string]

const LONGEST_MS = 1000

/** The operands among the words before the one that is completed. */
function operandsAmong(command: Command, words: readonly string[]): string[] {
  const takesValue = new Set(
    optionsOf(command)
      .filter(([, { type }]) => type === 'string')
      .flatMap(([name, option]) => spellingsOf(name, option)),
  )
  return words.filter(
    (word, place) => !word.startsWith('-') && !takesValue.has(words[place - 1] ?? ''),
  )
}

const processCandidates = (): Candidate[] =>
  processesWithDoors().map(({ pid, program }) => [String(pid), programName(program)])

/** Processes that have not loaded threadmeter. */
function nodeCandidates(): Candidate[] {
  const asked = new Set(processesWithDoors().map(({ pid }) => pid))
  return ownNodes()
    .filter((pid) => !asked.has(pid))
    .map((pid) => [String(pid), programName(programOf(pid))])
}

const directoryCandidates = (): Candidate[] =>
  runningServices(ownPidNamespace()).map(({ directory, program }) => [
    directory,
    programName(program),
  ])

async function threadCandidates(before: readonly string[]): Promise<Candidate[]> {
  const [word] = before
  const processes = processesWithDoors()
  const named =
    word === undefined
      ? processes
      : /^\d+$/.test(word)
        ? processes.filter(({ pid }) => pid === Number(word))
        : processesNamed(word)
  const [only] = named
  if (only === undefined || named.length > 1) return []
  const client = new DoorClient(only.path)
  const late = setTimeout(() => process.exit(), LONGEST_MS)
  try {
    const threads = await client.threads()
    const names = threads.map(({ name, threadId, role }): Candidate => {
      const isUnique = threads.filter((thread) => thread.name === name).length === 1
      return isUnique ? [name, `${role}, thread ${threadId}`] : [String(threadId), name]
    })
    return [...names, ['all', 'every thread that runs JavaScript']]
  } finally {
    clearTimeout(late)
  }
}

async function candidatesOf(kind: OperandKind, before: readonly string[]): Promise<Candidate[]> {
  if (kind === 'process') return processCandidates()
  if (kind === 'node') return nodeCandidates()
  if (kind === 'directory') return directoryCandidates()
  if (kind === 'thread') return await threadCandidates(before)
  return kind.words.map((word) => [word, ''])
}

/**
 * Prints what could be written for the last of the words, which a user has begun after `threadmeter`: a
 * line each, with its meaning behind a tab. Never tells of an error: nobody could read it.
 */
export async function complete(words: readonly string[]): Promise<number> {
  const [name = '', ...rest] = words
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return 0
  const before = operandsAmong(command, rest.slice(0, -1))
  const kinds = command.operandKinds?.[before.length] ?? []
  try {
    const candidates = await Promise.all(kinds.map((kind) => candidatesOf(kind, before)))
    const begun = rest.at(-1) ?? ''
    const fitting = candidates.flat().filter(([word]) => word.startsWith(begun))
    process.stdout.write(fitting.map((candidate) => `${candidate.join('\t')}\n`).join(''))
  } catch {
    // The process has ended in the meantime.
  }
  return 0
}
