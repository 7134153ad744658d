import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type CProgram, compileC } from '../fixtures/compile.js'
import { poolModule, Running } from './running.js'

// The pool example in a terminal of its own: what it sends to the terminal, and how it leaves it.

const ENTER = '\x1b[?1049h'
const LEAVE = '\x1b[?1049l'
const SHOW_CURSOR = '\x1b[?25h'
const WRAP_ON = '\x1b[?7h'
const ESCAPE = '\x1b'
const FRAME = new RegExp(
  `${ESCAPE}\\[\\?2026h${ESCAPE}\\[H([\\s\\S]*?)${ESCAPE}\\[J${ESCAPE}\\[\\?2026l`,
)
const SGR = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g')

let pty: CProgram
let widthOf: (text: string) => number
const running: Running[] = []

beforeAll(async () => {
  pty = compileC('../examples/pty.c')
  widthOf = (await poolModule('text')).widthOf
})

afterEach(() => {
  for (const pool of running.splice(0)) pool.child.kill('SIGTERM')
})

afterAll(() => pty.remove())

function start(
  size: string,
  args: string[],
  more: { env?: NodeJS.ProcessEnv; nodeArgs?: string[] } = {},
) {
  const pool = new Running('pool/main.mjs', args, { wrapper: [pty.path, size], ...more })
  running.push(pool)
  return pool
}

/** The lines of each frame, without colours. */
const framesOf = (output: string): string[][] =>
  [...output.matchAll(new RegExp(FRAME, 'g'))].map(([, frame]) =>
    (frame as string).split(/\r+\n/).map((line) => line.replace(SGR, '').replace('\x1b[K', '')),
  )

function expectRestored(pool: Running): void {
  expect(pool.errors.trimEnd().split('\n').at(-1)).toBe('restored')
  expect(pool.output.split(LEAVE)).toHaveLength(2)
  const [screen] = pool.output.split(LEAVE) as [string, string]
  expect(screen.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(screen.lastIndexOf('\x1b[?25l'))
  expect(screen.lastIndexOf(WRAP_ON)).toBeGreaterThan(screen.lastIndexOf('\x1b[?7l'))
}

describe('a screen', () => {
  it('is rewritten in place, and the terminal is as before when the time is over', async () => {
    const pool = start('24x80', ['--seconds', '5'])
    await pool.end()
    expectRestored(pool)

    const [before, screen] = (pool.output.split(LEAVE)[0] as string).split(ENTER)
    expect(before).toBe('')
    const frames = framesOf(screen as string)
    expect(frames.length).toBeGreaterThanOrEqual(4)
    // Nothing between the frames: no line is ever scrolled away.
    const between = (screen as string).replace(new RegExp(FRAME, 'g'), '')
    expect(between).not.toMatch(/[\n\r]/)
    for (const frame of frames) {
      expect(frame.length).toBeLessThanOrEqual(24)
      expect(Math.max(...frame.map(widthOf))).toBeLessThan(80)
      expect(frame[0]).toContain('threadmeter')
      expect(
        frame.filter((line) => / shell .* 100\.0 |^ crunch /.test(line)).length,
      ).toBeGreaterThan(0)
    }
    const [, after] = pool.output.split(LEAVE) as [string, string]
    expect(after).toContain('What you saw')
    expect(after).not.toContain('\x1b')
  })

  it('colours verdicts, and colours nothing with NO_COLOR', async () => {
    const coloured = start('40x140', ['--seconds', '3', '--phase', 'quiet'])
    const plain = start('40x140', ['--seconds', '3', '--phase', 'quiet'], {
      env: { NO_COLOR: '1' },
    })
    await Promise.all([coloured.end(), plain.end()])
    expect(coloured.output).toContain('\x1b[33mblocked')
    expect(framesOf(plain.output).at(-1)?.join('\n')).toContain('blocked')
    expect(plain.output.split(LEAVE)[0]?.match(SGR) ?? []).toEqual(['\x1b[0m'])
  })

  it('follows the size of the terminal', async () => {
    const pool = start('40x140', ['--seconds', '20'], { env: { PTY_RESIZE: '16x60' } })
    await pool.until(FRAME, 2)
    const before = framesOf(pool.output).length
    pool.child.kill('SIGUSR1')
    await pool.until(FRAME, before + 2)

    const frames = framesOf(pool.output)
    const isNarrow = (frame: string[]): boolean => Math.max(...frame.map(widthOf)) < 60
    const first = frames.findIndex(isNarrow)
    const [wide, narrow] = [frames[first - 1], frames[first]] as [string[], string[]]
    expect(Math.max(...wide.map(widthOf))).toBeGreaterThan(100)
    expect(narrow.length).toBeLessThanOrEqual(16)
    // At once, with the figures that it had: not only at the next look.
    const cpuOf = (frame: string[]): string | undefined =>
      /^ crunch .*?[█▓▒░·]+ +([\d.]+)/m.exec(frame.join('\n'))?.[1]
    expect(cpuOf(narrow)).toMatch(/\d/)
    expect(cpuOf(narrow)).toBe(cpuOf(wide))
  })

  it('is not opened on a dumb terminal, nor with --plain', async () => {
    const dumb = start('24x80', ['--seconds', '2'], { env: { TERM: 'dumb' } })
    const plain = start('24x80', ['--seconds', '2', '--plain'])
    await Promise.all([dumb.end(), plain.end()])
    for (const { output } of [dumb, plain]) {
      expect(output).not.toContain('\x1b')
      expect(output).toContain('crunch')
    }
  })
})

describe('the end', () => {
  const keys = { q: 'q', 'Ctrl-C': '\x03' }

  for (const [name, key] of Object.entries(keys)) {
    it(`comes soon at ${name}, and leaves the terminal as it was`, async () => {
      const pool = start('30x100', ['--seconds', '60'])
      await pool.until(FRAME, 2)
      const asked = performance.now()
      pool.child.stdin?.write(key)
      await pool.end()
      expect(performance.now() - asked).toBeLessThan(5_000)
      expectRestored(pool)
      expect(pool.output.split(LEAVE)[1]).toContain('What you saw')
    })
  }

  it('leaves the terminal as it was at SIGTERM', async () => {
    const pool = start('30x100', ['--seconds', '60'])
    await pool.until(FRAME)
    pool.child.kill('SIGTERM')
    await pool.end()
    expectRestored(pool)
  })

  it('leaves the terminal as it was before it reports an error', async () => {
    const fault =
      "import { isMainThread } from 'node:worker_threads'; if (isMainThread) setTimeout(() => { throw new Error('fault for the test') }, 2500)"
    const pool = start('30x100', ['--seconds', '60'], {
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(fault)}`],
    })
    await pool.end(1)
    expectRestored(pool)
    expect(pool.output.split(LEAVE)[1]).toContain('fault for the test')
  })
})
