import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ThreadmeterError } from '../../errors.js'
import { SCRIPT_FIELDS } from './script-parser.js'

const WRITTEN = /captured and wrote/i

const MOST_TOLD = 64 * 1024

// perf writes its file before it ends.
const ENDING_MS = 10_000

const unavailable = (reason: string, cause?: unknown): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_PERF_UNAVAILABLE', [reason], cause)

function paranoia(): string {
  try {
    return readFileSync('/proc/sys/kernel/perf_event_paranoid', 'latin1').trim()
  } catch {
    return 'hidden'
  }
}

// Its advice follows in many lines.
const NOISE = /^(?:Error:?|WARNING:.*|\[ perf record:.*)?$/i

/** What perf says is wrong, as one clause. */
export function reasonIn(told: string, code: number | null): string {
  const lines = told.split('\n').map((line) => line.trim())
  const first = lines.find((line) => !NOISE.test(line)) ?? lines.find((line) => line !== '')
  const reason = first?.replace(/^(?:Error|perf): */i, '').replace(/\.$/, '')
  if (reason === undefined) return `it ended with code ${code} and said nothing`
  const isLimited = /permi|access|allowed|paranoid|EPERM|EACCES/i.test(told)
  return isLimited
    ? `it may not be used here, by kernel.perf_event_paranoid (${paranoia()}) or a container's seccomp profile: ${reason}`
    : reason
}

/** What perf says on standard error, as far as it is not long. */
function listenTo(child: ChildProcess): () => string {
  let told = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (told.length < MOST_TOLD) told += text
  })
  return () => told
}

// Its messages are read here.
const environment = { ...process.env, LC_ALL: 'C' }

async function ended(child: ChildProcess): Promise<number | null> {
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return code
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw unavailable(isMissing ? 'it is not installed' : (error as Error).message, error)
  }
}

export interface Recording {
  readonly pid: number
  readonly seconds: number
  /** Samples a second of each thread that runs. */
  readonly hertz: number
  /** The file to write. */
  readonly path: string
}

/**
 * Records all threads of a process until the time is over or the signal ends it: what there is by then is
 * kept. Throws ERR_THREADMETER_PERF_UNAVAILABLE, and the reason of the signal where there is nothing by then.
 */
export async function record(
  { pid, seconds, hertz, path }: Recording,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const args = ['record', '-F', String(hertz), '-g', '--no-buildid-cache']
  // It ends by itself, whatever becomes of this process. A session of its own: Ctrl-C is passed on once.
  const child = spawn(
    'perf',
    [...args, '-p', String(pid), '-o', path, '--', 'sleep', String(seconds)],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: environment },
  )
  const told = listenTo(child)
  let late: NodeJS.Timeout | undefined
  const stop = (): void => {
    child.kill('SIGINT')
    late = setTimeout(() => child.kill('SIGKILL'), ENDING_MS)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const code = await ended(child)
    // With another code it ends by a signal, and when the process does: the file is whole all the same.
    if (code === 0 || WRITTEN.test(told())) return
    // Before it handles signals, they end it without a word.
    if (code === null) signal.throwIfAborted()
    throw unavailable(reasonIn(told(), code))
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
  }
}

/** Hands on what `perf script` prints of a recording, line by line. Throws ERR_THREADMETER_PERF_UNAVAILABLE. */
export async function readScript(path: string, onLine: (line: string) => void): Promise<void> {
  // To name inlined calls it would read the debug information of Node for minutes.
  const args = ['script', '-i', path, '-F', SCRIPT_FIELDS, '--no-inline']
  const child = spawn('perf', args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  const told = listenTo(child)
  const ending = ended(child)
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', onLine)
  const code = await ending
  if (code !== 0) throw unavailable(reasonIn(told(), code))
}
