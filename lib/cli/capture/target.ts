import { DoorClient } from '../../diagnostics/door/client.js'
import type { CaptureRequest } from '../../diagnostics/model.js'
import type { CaptureSource } from '../../diagnostics/source.js'
import { UsageError } from '../command.js'
import {
  type FoundProcess,
  onlyProcess,
  onlyProcessFor,
  ownerOf,
  processesNamed,
  processNamed,
  processOf,
} from './processes.js'

type Thread = CaptureRequest['thread']

/** Whom the user means. */
export interface CaptureTarget {
  readonly source: CaptureSource
  readonly pid: number
  readonly program: string
  readonly thread: Thread
}

/** Finds whom operands mean; the operands of other commands may mean processes that are reached otherwise. */
export type OpenTarget = (
  operands: readonly string[],
  defaults: { readonly command: string; readonly thread: 'main' | 'all' },
) => Promise<CaptureTarget>

const DIGITS = /^\d+$/
// Of these two, a program's name would be the rarer meaning.
const ALWAYS_THREADS = new Set(['main', 'all'])

const threadOf = (word: string): Thread => (DIGITS.test(word) ? Number(word) : word)

const opened = ({ pid, program, path }: FoundProcess, thread: Thread): CaptureTarget => ({
  source: new DoorClient(path),
  pid,
  program,
  thread,
})

/** By `[process] [thread]`: pid, tid, program or runtime directory, and what a thread can be called. */
export const openDoorTarget: OpenTarget = async (operands, { command, thread: defaultThread }) => {
  const [first, second] = operands
  if (operands.includes('')) throw new UsageError('An operand is empty')
  if (first === undefined) return opened(onlyProcess(command), defaultThread)
  if (DIGITS.test(first)) {
    const pid = ownerOf(Number(first))
    const thread = pid === Number(first) ? defaultThread : Number(first)
    return await known(opened(processOf(pid), second === undefined ? thread : threadOf(second)))
  }
  if (second !== undefined)
    return await known(opened(processNamed(first, command), threadOf(second)))
  if (!ALWAYS_THREADS.has(first) && processesNamed(first).length > 0) {
    return opened(processNamed(first, command), defaultThread)
  }
  if (ALWAYS_THREADS.has(first)) return opened(onlyProcess(command), first)
  return opened(onlyProcessFor(first, command), first)
}

// A process that is silent for longer is asked all the same, for as long as the user likes.
const KNOWN_MS = 2000

/** A number that is no threadId may be the kernel's id, which other tools show. */
async function known(target: CaptureTarget): Promise<CaptureTarget> {
  const { source, thread } = target
  if (typeof thread !== 'number') return target
  const late = setTimeout(() => void source.close(), KNOWN_MS)
  try {
    const threads = await source.threads()
    if (threads.some(({ threadId }) => threadId === thread)) return target
    const byTid = threads.find(({ tid }) => tid === thread)
    return byTid === undefined ? target : { ...target, thread: byTid.threadId }
  } catch {
    // What is wrong is told when it is asked for the capture.
    return target
  } finally {
    clearTimeout(late)
  }
}
