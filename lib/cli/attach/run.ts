import { PortSource } from '../../diagnostics/attach/port-source.js'
import { TargetProcess } from '../../diagnostics/attach/target-process.js'
import { doorOf } from '../../diagnostics/door/location.js'
import { ThreadmeterError } from '../../errors.js'
import { ownerOf } from '../capture/processes.js'
import type { CaptureTarget, OpenTarget } from '../capture/target.js'
import { type Command, type CommandInput, Failure, UsageError } from '../command.js'
import { gc } from '../gc/command.js'
import { heapProfile } from '../heap-profile/command.js'
import { heapSnapshot } from '../heap-snapshot/command.js'
import { profile } from '../profile/command.js'
import { stack } from '../stack/command.js'
import type { ATTACHED } from './command.js'
import { closeBeforeLeaving } from './leaving.js'
import { hasWebSocket, runWithWebSocket } from './web-socket.js'

type Name = (typeof ATTACHED)[number]

interface Attached {
  readonly command: Command
  run(input: CommandInput, open: OpenTarget): Promise<number>
}

const COMMANDS: Readonly<Record<Name, Attached>> = {
  stack: {
    command: stack,
    run: async (input, open) => (await import('../stack/run.js')).runStack(input, open),
  },
  profile: {
    command: profile,
    run: async (input, open) => (await import('../profile/run.js')).runProfile(input, open),
  },
  'heap-profile': {
    command: heapProfile,
    run: async (input, open) =>
      (await import('../heap-profile/run.js')).runHeapProfile(input, open),
  },
  'heap-snapshot': {
    command: heapSnapshot,
    run: async (input, open) =>
      (await import('../heap-snapshot/run.js')).runHeapSnapshot(input, open),
  },
  gc: {
    command: gc,
    run: async (input, open) => (await import('../gc/run.js')).runGc(input, open),
  },
}

const DIGITS = /^\d+$/

function pidOf(word: string | undefined, name: Name): number {
  if (word === undefined) throw new UsageError('A pid is needed')
  if (!DIGITS.test(word)) throw new UsageError(`'${word}' is no pid`)
  const pid = ownerOf(Number(word))
  if (pid === process.pid) throw new UsageError('That is the pid of this very command')
  if (doorOf(pid) === undefined) return pid
  throw new Failure(
    `process ${pid} answers without being attached to:\n  threadmeter ${name} ${pid}`,
    { code: 'ERR_THREADMETER_ATTACH_FAILED' },
  )
}

function targetOf(pid: number): TargetProcess {
  try {
    return new TargetProcess(pid)
  } catch (error) {
    if (error instanceof ThreadmeterError) throw new Failure(error.message, { cause: error })
    throw error
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

const threadOf = (word: string): CaptureTarget['thread'] =>
  DIGITS.test(word) ? Number(word) : word

/** Options that the command does not have, such as `--full` of a profile. */
function checkOptions({ options }: CommandInput, name: Name): void {
  const known = COMMANDS[name].command.options
  const other = Object.keys(options).find((option) => !Object.hasOwn(known, option))
  if (other !== undefined) throw new UsageError(`--${other} is no option of ${name}`)
}

/** Resolves with the exit code. */
export async function runAttach(input: CommandInput): Promise<number> {
  const [word, ...rest] = input.operands
  const isNamed = rest[0] !== undefined && Object.hasOwn(COMMANDS, rest[0])
  const name = isNamed ? (rest[0] as Name) : 'stack'
  const [thread, ...more] = isNamed ? rest.slice(1) : rest
  if (more.length > 0) throw new UsageError(`Unexpected argument '${more[0]}'`)
  checkOptions(input, name)
  const pid = pidOf(word, name)
  if (!hasWebSocket()) return await runWithWebSocket()
  const open: OpenTarget = async (_operands, defaults) => {
    const target = targetOf(pid)
    const source = new PortSource(target, say)
    closeBeforeLeaving(() => source.close().catch(() => {}))
    return {
      source,
      pid,
      program: target.program,
      thread: thread === undefined ? defaults.thread : threadOf(thread),
    }
  }
  return await COMMANDS[name].run({ options: input.options, operands: [] }, open)
}
