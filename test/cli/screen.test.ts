import { spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { widthOf } from '../../dist/cli/terminal/text.js'
import { tids } from '../fixtures/proc.mjs'
import { cleanEnvironment } from '../fixtures/run.js'
import { type Ending, Running } from './running.js'
import { sharedTerminal } from './terminal.js'

// The table in a terminal of its own: what it sends to the terminal, and how it leaves it.

const ENTER = '\x1b[?1049h'
const LEAVE = '\x1b[?1049l'
const ESCAPE = '\x1b'
const FRAME = new RegExp(
  `${ESCAPE}\\[\\?2026h${ESCAPE}\\[H([\\s\\S]*?)${ESCAPE}\\[J${ESCAPE}\\[\\?2026l`,
)
const SGR = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g')
const MANY = 200

const pty = sharedTerminal()

/** A process of which libuv's pool alone has that many threads. */
async function manyThreads(): Promise<number> {
  const source = `for (let i = 0; i < ${MANY}; i++) require('fs').stat('/', () => {}); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['-e', source], {
    env: { ...cleanEnvironment(), UV_THREADPOOL_SIZE: String(MANY) },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const pid = child.pid as number
  while (tids(pid).length < MANY) await new Promise((resolve) => setTimeout(resolve, 10))
  return pid
}

function loop(): number {
  const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child.pid as number
}

const open = (size: string, args: string[], env: NodeJS.ProcessEnv = {}): Running =>
  new Running(['top', '--interval', '0.2', ...args], { wrapper: [pty.path, size], env })

const linesOf = (frame: string): string[] =>
  frame.split(/\r+\n/).map((line) => line.replace(SGR, '').replace('\x1b[K', ''))

/** The lines of each frame, without colours. */
const framesOf = (output: string): string[][] =>
  [...output.matchAll(new RegExp(FRAME, 'g'))].map(([, frame]) => linesOf(frame as string))

/** Presses a key, and waits for a frame with such a line. */
async function press(top: Running, key: string, line: RegExp): Promise<string[]> {
  const from = top.output.length
  top.child.stdin?.write(key)
  for (const deadline = Date.now() + 20_000; ; ) {
    const frame = framesOf(top.output.slice(from)).find((lines) =>
      lines.some((one) => line.test(one)),
    )
    if (frame !== undefined) return frame
    if (Date.now() > deadline) throw new Error(`no ${line} in\n${top.output.slice(from)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function expectRestored({ output, errors }: Ending): void {
  expect(errors.trimEnd().split('\n').at(-1)).toBe('restored')
  expect(output.split(ENTER)).toHaveLength(2)
  expect(output.split(LEAVE)).toHaveLength(2)
  const [screen] = output.split(LEAVE) as [string]
  expect(screen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?25l'))
  expect(screen.lastIndexOf('\x1b[?7h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?7l'))
}

it('scrolls through 200 threads, sorts and holds at the press of a key', async () => {
  const pid = await manyThreads()
  const top = open('24x80', [String(pid)])
  const count = tids(pid).length
  const first = await press(top, '', /^1 to \d+ of \d+ threads$/)
  expect(first).toHaveLength(24)
  for (const line of first) expect(widthOf(line)).toBeLessThan(80)
  expect(first[1]).toContain(`${count} threads in 1 process`)
  expect(first.at(-1)).toBe(`1 to 19 of ${count} threads`)

  // Thread ids may have begun anew in the middle: the main thread's need not be the lowest.
  const lowest = Math.min(...tids(pid))
  const byPid = await press(top, 'p', new RegExp(`^\\S+ +${lowest} `))
  expect(byPid[4]).toContain(` ${lowest} `)
  await press(top, '\x1b[B', /^2 to 20 of /)
  await press(top, '\x1b[6~', /^21 to 39 of /)
  const last = await press(top, '\x1b[F', new RegExp(`^${count - 18} to ${count} of ${count} `))
  expect(last[4 + 18]).toContain(` ${Math.max(...tids(pid))} `)
  await press(top, '\x1b[H', /^1 to 19 of /)
  await press(top, 'r', /reversed by pid/)
  await press(top, 'h', /^c d e n p +sort by/)
  await press(top, 'h', /^thread /)

  await press(top, ' ', / held /)
  const held = framesOf(top.output).length
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(framesOf(top.output)).toHaveLength(held)
  await press(top, ' ', /^thread /)
  top.child.stdin?.write('q')
  const ending = await top.end()
  expect(ending.code).toBe(0)
  expectRestored(ending)
})

it('colours verdicts and follows the size of the terminal', async () => {
  const pid = String(loop())
  const top = open('24x140', [pid], { PTY_RESIZE: '10x50' })
  const plain = open('24x140', [pid], { NO_COLOR: '1' })
  await top.until(new RegExp(`${ESCAPE}\\[(?:32mbusy|1;31mstarved)`))
  const wide = framesOf(top.output).at(-1) as string[]
  expect(Math.max(...wide.map(widthOf))).toBeGreaterThan(100)

  const from = top.output.length
  top.child.kill('SIGUSR1')
  await press(top, '', /^thread .* CPU % .* verdict$/)
  const narrow = framesOf(top.output.slice(from)).find(
    (lines) => Math.max(...lines.map(widthOf)) < 50,
  )
  expect(narrow?.some((line) => line.startsWith('main '))).toBe(true)

  await plain.until(FRAME)
  expect(FRAME.exec(plain.output)?.[0].match(SGR)).toBeNull()
  // Ctrl-C comes as a key, other ends as signals.
  top.child.stdin?.write('\x03')
  plain.child.kill('SIGTERM')
  for (const ending of await Promise.all([top.end(), plain.end()])) {
    expect(ending.code).toBe(0)
    expectRestored(ending)
  }
})

it('is not opened on a dumb terminal, and is closed before the end is told', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const dumb = open('24x80', ['--once', String(child.pid)], { TERM: 'dumb' })
  const top = open('24x80', [String(child.pid)])
  await top.until(FRAME)
  const { output } = await dumb.end()
  expect(output).not.toContain('\x1b')
  expect(output).toMatch(/^main /m)
  child.kill()
  const ending = await top.end()
  expectRestored(ending)
  expect(ending.output.split(LEAVE)[1]).toContain('sleep has ended')
})
