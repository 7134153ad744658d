import { isNode } from '../../diagnostics/attach/target-process.js'
import { DoorClient } from '../../diagnostics/door/client.js'
import { isAbortError } from '../../diagnostics/door/door-error.js'
import { doorOf } from '../../diagnostics/door/location.js'
import { PROFILE_FORMATS } from '../../diagnostics/formats/formats.js'
import type { CapturedThread } from '../../diagnostics/model.js'
import { namesJavaScript, nativeProfile } from '../../diagnostics/perf/native-profile.js'
import type { NameThread } from '../../diagnostics/perf/perf-tree.js'
import { ThreadmeterError } from '../../errors.js'
import { exists, programOf } from '../../observer/outside/process-files.js'
import { EXIT, threadText } from '../capture/failures.js'
import { formatOption } from '../capture/formats.js'
import { Interruption } from '../capture/interruption.js'
import { secondsOf } from '../capture/options.js'
import { NOT_FOUND, onlyProcess, ownerOf, processNamed } from '../capture/processes.js'
import { ProfileWriter } from '../capture/profile-writer.js'
import { Progress } from '../capture/progress.js'
import type { CaptureTarget } from '../capture/target.js'
import { type CommandInput, Failure, numberOption, UsageError } from '../command.js'
import { programName } from '../program-name.js'
import { lookOf } from '../terminal/look.js'

// Odd, so that it does not keep step with what happens 1000 times a second.
const DEFAULT_HERTZ = 999
const MICROS = 1e6
const NAMES_MS = 1000

const DIGITS = /^\d+$/

type Whom = Pick<CaptureTarget, 'pid' | 'program'>

function whomOf([word, thread]: readonly string[]): Whom {
  if (thread !== undefined && thread !== 'all') {
    throw new UsageError('--native profiles all threads at once')
  }
  if (word === undefined) return onlyProcess('profile --native')
  if (!DIGITS.test(word)) return processNamed(word, 'profile --native')
  const pid = ownerOf(Number(word))
  if (!exists(pid)) throw new Failure(`there is no process ${pid}`, { code: NOT_FOUND })
  return { pid, program: programOf(pid) }
}

/** The threads as the process knows them, where it can be asked. */
async function knownThreads(pid: number): Promise<ReadonlyMap<number, CapturedThread>> {
  const path = doorOf(pid)
  if (path === undefined) return new Map()
  const client = new DoorClient(path)
  const late = setTimeout(() => void client.close(), NAMES_MS)
  try {
    const threads = await client.threads()
    return new Map(threads.flatMap((thread) => (thread.tid === null ? [] : [[thread.tid, thread]])))
  } catch {
    // Names are not worth to fail for.
    return new Map()
  } finally {
    clearTimeout(late)
  }
}

async function namesOf(pid: number): Promise<NameThread> {
  const known = await knownThreads(pid)
  return (tid, comm) => {
    const thread = known.get(tid)
    if (thread !== undefined) return threadText(thread)
    return tid === pid ? `main (${comm})` : `${comm} (tid ${tid})`
  }
}

/** Resolves with the exit code. */
export async function runNativeProfile(input: CommandInput): Promise<number> {
  const format = formatOption(input, PROFILE_FORMATS, 'html')
  if (format === 'cpuprofile') {
    throw new UsageError(
      'cpuprofile has no place for native frames: take html, speedscope, pprof or folded',
    )
  }
  const interval = numberOption(input, 'interval', MICROS / DEFAULT_HERTZ, {
    least: 50,
    most: MICROS,
  })
  const seconds = secondsOf(input)
  const writer = new ProfileWriter(input, format)
  const whom = whomOf(input.operands)
  const { pid, program } = whom
  writer.check({ thread: 'main' })
  const who = `${pid} ${programName(program)}`
  const progress = new Progress(process.stderr, lookOf(input, process.stderr), {
    doing: 'profiling',
    who,
    all: true,
  })
  const say = (text: string): void => progress.say(text)
  if (isNode(pid) && !namesJavaScript(pid)) {
    say(
      'threadmeter: JavaScript functions will have no names: V8 gives them to perf only in a process that was started with --perf-basic-prof',
    )
  }
  const interruption = new Interruption(
    () => say('threadmeter: ending early; Ctrl-C again leaves at once'),
    async () => {},
  )
  try {
    const nameThread = await namesOf(pid)
    const thread: CapturedThread = { pid, tid: pid, threadId: 0, name: 'all threads', role: 'main' }
    progress.take({ event: 'started', thread, seconds, expectedPauseSeconds: null })
    const hertz = Math.max(Math.round(MICROS / interval), 1)
    const { signal } = interruption
    const tree = await nativeProfile(pid, { seconds, hertz, signal, nameThread })
    progress.close()
    await writer.add({ tree, name: 'native' }, { ...whom, thread: 'main' } as CaptureTarget, say)
    if (exists(pid)) return EXIT.done
    say('threadmeter: the process ended in the middle')
    return EXIT.partial
  } catch (error) {
    if (isAbortError(error)) return interruption.exitCode
    if (error instanceof ThreadmeterError) throw new Failure(error.message, { cause: error })
    throw error
  } finally {
    progress.close()
    interruption.close()
  }
}
