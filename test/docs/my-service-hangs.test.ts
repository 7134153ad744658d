import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as workerThreads from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

// Every command of the page that a prompt stands before, run as it is written, section by section, against
// examples/blocked. What the page shows of its output has to be there: the same words, functions and lines,
// other figures.

const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
const PAGE = readFileSync(`${ROOT}/docs/my-service-hangs.md`, 'utf8')

// As the page has it.
const SHOWN = { root: '/srv/app', pid: '4711', port: '8080' }

const LIMIT_MS = 40_000
// For what runs in the background to have begun.
const BEGIN_MS = 1000

interface Step {
  command: string
  shown: string[]
}

interface Section {
  title: string
  steps: Step[]
}

function stepsOf(text: string): Step[] {
  const blocks = [...text.matchAll(/^```console\n([\s\S]*?)^```/gm)]
  return blocks.flatMap(([, block]) =>
    (block as string)
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command, ...shown] = part.trimEnd().split('\n')
        return { command: command as string, shown }
      }),
  )
}

const sections: Section[] = PAGE.split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.split('\n', 1)[0] as string, steps: stepsOf(text) }))
  .filter(({ steps }) => steps.length > 0)

/** A directory in which the page's commands find what they name. */
function makePlace(): string {
  const place = mkdtempSync('/dev/shm/threadmeter-page-')
  for (const folder of ['bin', 'node_modules', 'tmp']) mkdirSync(join(place, folder))
  symlinkSync(ROOT, join(place, 'node_modules', 'threadmeter'))
  symlinkSync(join(ROOT, 'examples'), join(place, 'examples'))
  symlinkSync(process.execPath, join(place, 'bin', 'node'))
  // npx would look for the package, and ask the network where it is not installed.
  const npx = `#!/bin/sh\nshift\nexec node '${ROOT}/dist/cli/main.js' "$@"\n`
  writeFileSync(join(place, 'bin', 'npx'), npx)
  chmodSync(join(place, 'bin', 'npx'), 0o700)
  return place
}

let place: string

beforeAll(() => {
  place = makePlace()
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What a command has said so far, on both of its outputs, as a terminal shows it. */
class Said {
  readonly child: ChildProcess
  text = ''

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.text += text
      })
    }
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }
}

/** A section's service, and the commands that are run beside it. */
class Session {
  readonly #env: NodeJS.ProcessEnv
  readonly #port: number
  readonly #children: ChildProcess[] = []
  #pid = ''

  constructor(port: number, directory: string) {
    this.#port = port
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...rest } = cleanEnvironment()
    this.#env = {
      ...rest,
      PATH: `${join(place, 'bin')}:${process.env.PATH}`,
      TMPDIR: join(place, 'tmp'),
      PORT: String(port),
      THREADMETER_PORT: '0',
      THREADMETER_DIR: directory,
      COLUMNS: '130',
    }
  }

  /** Runs it to its end; what has none, until it has said enough. */
  async run(command: string, isEnough: (text: string) => boolean): Promise<string> {
    const said = this.#start(command)
    if (command.endsWith('&')) {
      await sleep(BEGIN_MS)
      return said.text
    }
    const serves = startsService({ command, shown: [] })
    const isEndless = serves || / top /.test(command)
    const end = Date.now() + LIMIT_MS
    while (!said.hasEnded && Date.now() < end) {
      if (isEndless && isEnough(this.#asShown(said.text))) break
      await sleep(50)
    }
    if (serves) this.#pid = /^Process (\d+) /m.exec(said.text)?.[1] as string
    return this.#asShown(said.text)
  }

  /** Ends all that it has started. */
  async close(): Promise<void> {
    const live = this.#children.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    )
    const closed = live.map((child) => once(child, 'close'))
    for (const { pid } of live) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    await Promise.all(closed)
  }

  #start(command: string): Said {
    const real = command
      .replaceAll(SHOWN.pid, this.#pid || SHOWN.pid)
      .replaceAll(SHOWN.port, String(this.#port))
    const options = { cwd: place, env: this.#env, detached: true } as const
    // A service is the shell's last command, and has its pid.
    const child = spawn('bash', ['-c', real.replace(/ ?&$/, '')], options)
    this.#children.push(child)
    return new Said(child)
  }

  /** Pid, port and place as the page has them. */
  #asShown(text: string): string {
    const pid = this.#pid || (/^Process (\d+) /m.exec(text)?.[1] ?? 'none')
    return text
      .replaceAll(ROOT, SHOWN.root)
      .replace(new RegExp(`\\b${pid}\\b`, 'g'), SHOWN.pid)
      .replaceAll(`:${this.#port}`, `:${SHOWN.port}`)
  }
}

// Where Node does not tell a worker its name, it is listed by its threadId.
const UNTOLD = 'threadName' in workerThreads ? [] : [/\bworker-2\b/]

/** A line without what differs from one time to another: figures, but for lines of the program. */
function shapeOf(line: string): string {
  return (
    UNTOLD.reduce((text, name) => text.replace(name, 'checks'), line)
      .replace(/[█▓▒░·]+/g, 'bar')
      .replace(/\d{8}T\d{6}\.\d{3}Z|\d{8}-\d{6}/g, 'time')
      // On a crowded machine, whoever would be busy is starved.
      .replace(/\bstarved\b/, 'busy')
      .replace(/\bdoes not answer$/, 'in a native call')
      .replace(
        /wanting to run, .*/,
        'burning a processor in native code (1 cores): nothing answers',
      )
      .replace(/(?<=CPU [\d.]+ %), waits for a processor [\d.]+ %/, '')
      .replace(/(fibonacci\.mjs):\d+:\d+/, '$1')
      .replace(/(?<!\.mjs:|\.mjs:\d+:|[\d.])\d+(\.\d+)?(?![\d.])/g, '#')
      .replace(/# (B|KiB|MiB|GiB)\b/g, '# size')
      .replace(/# (ms|s|µs)\b/g, '# time')
      .replace(/ -(?= |$)/g, ' #')
      .replace(/\s+/g, ' ')
      .trim()
  )
}

/** The lines of the page that are not in the output, in its order. */
function missingFrom(output: string, shown: readonly string[]): string[] {
  const lines = output.split('\n').map(shapeOf)
  let from = 0
  return shown.filter((line) => {
    // Stands for whatever else there is, of a line or of lines.
    if (line === '...') return false
    const shape = shapeOf(line)
    const isIt = (one: string): boolean =>
      line.startsWith('...') ? one.endsWith(shape.slice(3)) : one === shape
    const at = lines.findIndex((one, place) => place >= from && isIt(one))
    if (at >= 0) from = at + 1
    return at < 0
  })
}

const START: Step = {
  command: 'node examples/blocked/main.mjs',
  shown: [`Process ${SHOWN.pid} serves on http://127.0.0.1:${SHOWN.port}. Make it hang:`],
}

const startsService = ({ command }: Step): boolean => /(^| )node /.test(command)

async function follow(session: Session, steps: readonly Step[]): Promise<void> {
  const begun = startsService(steps[0] as Step)
  for (const { command, shown } of begun ? steps : [START, ...steps]) {
    const expected = startsService({ command, shown }) && shown.length === 0 ? START.shown : shown
    const output = await session.run(command, (text) => missingFrom(text, expected).length === 0)
    expect(missingFrom(output, expected), `${command} said:\n${output}`).toEqual([])
  }
}

describe('My service hangs', () => {
  it('is a page with commands, the first section of which has four', () => {
    expect(sections.length).toBeGreaterThan(4)
    const { title, steps } = sections[0] as Section
    expect(title).toBe('Four commands')
    expect(steps.filter(({ command }) => command.startsWith('npx threadmeter '))).toHaveLength(4)
  })

  it.concurrent.each(sections)('$title', async ({ steps }) => {
    const session = new Session(await freePort(), mkdtempSync(join(place, 'service-')))
    try {
      await follow(session, steps)
    } finally {
      await session.close()
    }
  })
})
