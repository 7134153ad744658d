import { isAbortError } from '../../diagnostics/door/door-error.js'
import type {
  CaptureDetails,
  CapturedThread,
  CaptureKind,
  PartialReason,
} from '../../diagnostics/model.js'
import type { RequestFields } from '../../diagnostics/request.js'
import type { ReceivedCapture } from '../../diagnostics/source.js'
import { type CommandInput, Failure, UsageError } from '../command.js'
import { programName } from '../program-name.js'
import { type Look, lookOf } from '../terminal/look.js'
import { harmlessLines } from '../terminal/text.js'
import { EXIT, errorDocument, isBlocked, reasonOf } from './failures.js'
import { Interruption } from './interruption.js'
import { requestOf, timeoutOf, waitOf } from './options.js'
import { Progress } from './progress.js'
import { type CaptureTarget, type OpenTarget, openDoorTarget } from './target.js'

/** A capture whose body has yet to be read. */
export interface IncomingCapture {
  readonly thread: CapturedThread
  readonly bytes: number
  readonly body: AsyncIterable<Buffer>
  /** What it says of itself, where its body does not. */
  readonly details: CaptureDetails | undefined
}

/** Tells the user something, in a line of its own on standard error. */
export type Say = (text: string) => void

/** What a command does with its captures. */
export interface CaptureTask {
  /** The name of the command. */
  readonly command: string
  readonly kind: CaptureKind
  readonly thread: 'main' | 'all'
  /** `profiling`; undefined for what takes no time. */
  readonly doing?: string
  readonly fields: RequestFields
  /** Checks what depends on who is asked, before anything is asked. */
  begin?(target: CaptureTarget): void
  /** Takes one in; resolves with why it is not whole. */
  take(capture: IncomingCapture, target: CaptureTarget, say: Say): Promise<PartialReason | null>
  /** Called when all are in. */
  finish?(target: CaptureTarget, say: Say): void | Promise<void>
}

interface Tally {
  done: number
  /** Ended by the user before there was anything to hand out. */
  ended: number
  failed: number
  blocked: number
  cutShort: boolean
}

function exitCodeOf(
  { done, ended, failed, blocked, cutShort }: Tally,
  interrupted: number,
): number {
  if (done === 0 && ended > 0) return interrupted
  if (failed === 0) return cutShort ? EXIT.partial : EXIT.done
  if (done > 0) return EXIT.partial
  return blocked === failed ? EXIT.blocked : EXIT.failed
}

/** Everything that a run of a command has at hand. */
interface Run {
  readonly input: CommandInput
  readonly task: CaptureTask
  readonly target: CaptureTarget
  readonly progress: Progress
  readonly look: Look
  readonly tally: Tally
}

const writeJson = (document: object): void => {
  process.stdout.write(`${JSON.stringify(document)}\n`)
}

const hintOf = ({ input }: Run, error: unknown): string =>
  isBlocked(error) && waitOf(input) === 0 ? '; --wait S waits for its return' : ''

function fail(run: Run, error: unknown, thread?: CapturedThread): void {
  const { input, target, progress, tally } = run
  tally.failed++
  if (isBlocked(error)) tally.blocked++
  if (input.options.json === true) {
    writeJson({ ...(thread !== undefined && { thread }), error: errorDocument(error) })
  }
  const reason = harmlessLines(reasonOf(error, target.pid, thread))
  progress.say(`threadmeter: ${reason}${hintOf(run, error)}`)
}

async function* counted(
  body: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    onBytes(chunk.length)
    yield chunk
  }
}

async function takeIn(run: Run, received: ReceivedCapture, signal: AbortSignal): Promise<void> {
  const { task, target, progress, tally } = run
  if ('error' in received) {
    if (signal.aborted && isAbortError(received.error)) tally.ended++
    else fail(run, received.error, received.thread)
    return
  }
  const { thread, bytes, details } = received
  progress.receiving(thread, bytes)
  const body = counted(received.body, (count) => progress.received(thread, count))
  const partial = await task.take({ thread, bytes, body, details }, target, (text) =>
    progress.say(text),
  )
  tally.done++
  if (partial === 'thread ended' || partial === 'process ended') tally.cutShort = true
}

async function receiveAll(run: Run, signal: AbortSignal): Promise<void> {
  const { input, task, target, progress } = run
  const request = requestOf(input, task.kind, target.thread, task.fields)
  const onProgress = (event: Parameters<Progress['take']>[0]): void => progress.take(event)
  for await (const received of target.source.capture(request, { signal, onProgress })) {
    await takeIn(run, received, signal)
  }
  progress.close()
  if (run.tally.done > 0) await task.finish?.(target, (text) => progress.say(text))
}

/** Rejects when the time that the user gave is over. */
function withinTimeout<T>(seconds: number | undefined, work: Promise<T>): Promise<T> {
  if (seconds === undefined) return work
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    const error = new Failure(`not done within ${seconds} s`, { code: 'ERR_THREADMETER_TIMEOUT' })
    timer = setTimeout(() => reject(error), seconds * 1000)
  })
  return Promise.race([work, over]).finally(() => clearTimeout(timer))
}

async function ask(run: Run): Promise<number> {
  const { input, progress, target, tally } = run
  const interruption = new Interruption(
    () => progress.say('threadmeter: ending early; Ctrl-C again leaves at once'),
    () => target.source.close(),
  )
  try {
    await withinTimeout(timeoutOf(input), receiveAll(run, interruption.signal))
    return exitCodeOf(tally, interruption.exitCode)
  } catch (error) {
    if (
      error instanceof Failure ||
      error instanceof UsageError ||
      (error as { code?: string }).code === undefined
    )
      throw error
    if (interruption.signal.aborted) return tally.done > 0 ? EXIT.done : interruption.exitCode
    fail(run, error)
    return exitCodeOf(tally, interruption.exitCode)
  } finally {
    progress.close()
    // A debugging port that was opened is closed, whatever signals come.
    await target.source.close().catch(() => {})
    interruption.close()
  }
}

/** Finds whom the operands mean, captures, and resolves with the exit code. */
export async function runCapture(
  input: CommandInput,
  task: CaptureTask,
  open: OpenTarget = openDoorTarget,
): Promise<number> {
  // Mistakes are told before anybody is looked for.
  requestOf(input, task.kind, task.thread, task.fields)
  timeoutOf(input)
  const target = await open(input.operands, { command: task.command, thread: task.thread })
  task.begin?.(target)
  const look = lookOf(input, process.stderr)
  const progress = new Progress(process.stderr, look, {
    doing: task.doing,
    who: `${target.pid} ${programName(target.program)}`,
    all: target.thread === 'all',
  })
  const tally: Tally = { done: 0, ended: 0, failed: 0, blocked: 0, cutShort: false }
  return await ask({ input, task, target, progress, look, tally })
}
