import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BLOCK, blocksOf, ROW, rowsOf } from './blocks.js'
import { Running } from './running.js'

// The pool example without a terminal, run for real.

const running: Running[] = []

function start(...args: string[]): Running {
  const pool = new Running('pool/main.mjs', args)
  running.push(pool)
  return pool
}

async function outcome(code: number, args: string[]): Promise<Running> {
  const pool = start(...args)
  await pool.end(code)
  return pool
}

afterEach(() => {
  for (const pool of running.splice(0)) pool.kill()
})

describe('the whole story', () => {
  let pool: Running

  beforeAll(async () => {
    pool = new Running('pool/main.mjs', ['--seconds', '6'])
    await pool.end()
  })

  it('ends by itself, without a complaint', () => {
    expect(pool.errors).toBe('')
  })

  it('writes plain lines: no escape sequence, none too long', () => {
    expect(pool.output).not.toContain('\x1b')
    const rows = pool.output.split('\n').filter((line) => ROW.test(line))
    expect(Math.max(...rows.map((line) => line.length))).toBeLessThanOrEqual(104)
  })

  it('goes through the four phases', () => {
    const phases = [...pool.output.matchAll(/^--- \d+ s, (\d)\/4: /gm)].map(([, phase]) => phase)
    expect([...new Set(phases)]).toEqual(['1', '2', '3', '4'])
  })

  it('shows the same threads in every block, helpers too', () => {
    const blocks = blocksOf(pool.output)
    expect(blocks.length).toBeGreaterThanOrEqual(6)
    for (const block of blocks) {
      const rows = rowsOf(block)
      const names = rows.map(({ name }) => name)
      expect(names).toEqual(
        expect.arrayContaining(['main', 'pool', 'crunch', 'shell', 'standby', 'load']),
      )
      expect(rows.filter(({ role }) => role === 'v8').length).toBeGreaterThanOrEqual(4)
      expect(rows.filter(({ role }) => role === 'libuv').length).toBeGreaterThanOrEqual(1)
    }
  })

  it('shows the crowd in its phase only', () => {
    const phasesWithCrowd = pool.output
      .split(/^--- \d+ s, /m)
      .slice(1)
      .filter((block) => rowsOf(block).some(({ name }) => name === 'crowd'))
      .map((block) => block[0])
    expect(phasesWithCrowd).toContain('3')
    expect(phasesWithCrowd).not.toContain('1')
    expect(phasesWithCrowd).not.toContain('2')
  })

  it('says where the CPU time went: the parts add up, and nothing of the crowd is lost', () => {
    const sums = [
      ...pool.output.matchAll(
        /^so far +([\d.]+) s of CPU = main ([\d.]+) \+ workers ([\d.]+) \+ helpers ([\d.]+) \+ exited ([\d.]+)$/gm,
      ),
    ].map((match) => match.slice(1).map(Number) as [number, ...number[]])
    expect(sums.length).toBeGreaterThanOrEqual(6)
    for (const [total, ...parts] of sums) {
      const sum = parts.reduce((all, part) => all + part, 0)
      // Five figures, each rounded to 0.1.
      expect(Math.abs(sum - total)).toBeLessThan(0.26)
    }
    expect(sums.map(([total]) => total)).toEqual(sums.map(([total]) => total).sort((a, b) => a - b))
    const [first, last] = [sums[0], sums.at(-1)] as [number[], number[]]
    expect(last[4]).toBeGreaterThan(first[4] as number)
  })

  it('ends with what /metrics said, and how to ask it', () => {
    const told = pool.output.slice(pool.output.indexOf('What you saw'))
    expect(told).toMatch(/^ {2}nodejs_thread_cpu_seconds_total\{thread="pool",.*\} [\d.]+$/m)
    expect(told).toMatch(/^ {2}nodejs_thread_state\{thread="shell",.*state="blocked"\} 1$/m)
    expect(told).toMatch(/^ {2}curl -s http:\/\/127\.0\.0\.1:9400\/metrics/m)
  })
})

describe('while it runs', () => {
  it('shows the threads that the kernel has, by their ids and names', async () => {
    const pool = start('--phase', 'quiet', '--seconds', '20')
    await pool.until(BLOCK, 3)
    const tasks = `/proc/${pool.child.pid}/task`
    const rows = rowsOf(blocksOf(pool.output)[1] as string)
    const listed = readdirSync(tasks).map(Number)
    expect(rows.map(({ tid }) => tid).sort((a, b) => a - b)).toEqual(listed.sort((a, b) => a - b))
    for (const { name, tid } of rows.filter(({ role }) => role === 'worker')) {
      expect([name, readFileSync(`${tasks}/${tid}/comm`, 'utf8').trim()]).toEqual([name, name])
    }
  })

  it('answers /metrics in the text format of Prometheus', async () => {
    const pool = start('--seconds', '20')
    const [[, url] = []] = await pool.until(/curl (http:\S+)/)
    const response = await fetch(url as string)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = (await response.text()).split('\n').filter((line) => line !== '')

    const types = new Map<string, string>()
    const series = new Set<string>()
    for (const line of lines) {
      const [, family, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
      if (family && type) types.set(family, type)
      if (line.startsWith('#')) continue
      const sample =
        /^([a-z_][a-z\d_]*)(\{(?:[a-z_]+="[^"\\]*",?)+\})? (NaN|-?[\d.]+(?:e[+-]\d+)?)$/i.exec(line)
      expect([line, sample]).not.toEqual([line, null])
      const [, name, labels = ''] = sample as RegExpExecArray
      expect([line, series.has(name + labels)]).toEqual([line, false])
      series.add(name + labels)
      const owner =
        types.get(name as string) ?? types.get((name as string).replace(/_(bucket|sum|count)$/, ''))
      expect([line, owner === undefined]).toEqual([line, false])
    }
    for (const name of ['main', 'pool', 'crunch', 'shell', 'standby', 'load']) {
      const found = [...series].filter((it) =>
        it.startsWith(`nodejs_thread_cpu_seconds_total{thread="${name}"`),
      )
      expect([name, found.length]).toEqual([name, 2])
    }
    expect(types.get('pool_task_cpu_seconds')).toBe('histogram')
  })

  it('ends soon at SIGTERM, though a worker sits in execSync', async () => {
    const pool = start('--seconds', '60')
    await pool.until(BLOCK, 2)
    const asked = performance.now()
    pool.child.kill('SIGTERM')
    await pool.end()
    expect(performance.now() - asked).toBeLessThan(5_000)
    expect(pool.output).toContain('What you saw')
  })

  it('ends quietly when nobody reads on', async () => {
    const pool = start('--seconds', '6')
    await pool.until(BLOCK)
    pool.child.stdout?.destroy()
    await pool.end()
    expect(pool.errors).toBe('')
  })
})

describe('without the addon', () => {
  it('says why, and ends', async () => {
    const pool = new Running('pool/main.mjs', [], { nodeArgs: ['--no-addons'] })
    running.push(pool)
    await pool.end(1)
    expect(pool.errors).toMatch(/^threadmeter cannot read threads here: .*addons/)
    expect(pool.errors).not.toContain('    at ')
  })
})

describe('the command line', () => {
  it('is explained by --help', async () => {
    const { output } = await outcome(0, ['--help'])
    for (const option of ['--seconds', '--port', '--phase', '--plain']) {
      expect(output).toContain(option)
    }
  })

  it('ends with code 2 and a reason where it cannot be understood', async () => {
    const wrong = [
      [['--bogus'], "'--bogus'"],
      [['--seconds', 'soon'], "not 'soon'"],
      [['--seconds', '-1'], '--seconds'],
      [['--port', '80.5'], "not '80.5'"],
      [['--port', '65536'], "not '65536'"],
      [['--phase', 'chaos'], "not 'chaos'"],
      [['more'], "'more'"],
    ] as const
    for (const [args, reason] of wrong) {
      const { output, errors } = await outcome(2, [...args])
      expect(output).toBe('')
      expect(errors).toContain(reason)
      expect(errors).not.toContain('    at ')
    }
  })

  it('says so when the port is taken', async () => {
    const first = start('--seconds', '20')
    const [[, port] = []] = await first.until(/curl http:\/\/127\.0\.0\.1:(\d+)/)
    const { errors } = await outcome(1, ['--seconds', '5', '--port', port as string])
    expect(errors).toMatch(/EADDRINUSE.*127\.0\.0\.1/)
    expect(errors).not.toContain('    at ')
  })
})
