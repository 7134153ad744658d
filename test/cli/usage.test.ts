import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { COMMANDS } from '../../dist/cli/commands.js'
import { run } from './running.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

const MISTAKES: [args: string[], message: RegExp][] = [
  [[], /^threadmeter: No command given\nTry threadmeter --help\n$/],
  [['tpo'], /^threadmeter: Unknown command 'tpo'\n/],
  [['constructor'], /^threadmeter: Unknown command 'constructor'\n/],
  [['--tpo'], /^threadmeter: Unknown option '--tpo'\n/],
  [['top', '--tpo'], /^threadmeter top: Unknown option '--tpo'\nTry threadmeter top --help\n$/],
  [['top', '1', '2'], /^threadmeter top: Unexpected argument '2'\n/],
  [['top', ''], /^threadmeter top: Neither a pid nor a directory was given\n/],
  [['top', '--sort', 'tid'], /--sort is one of cpu, delay, elu, name, pid, not 'tid'/],
  [['top', '--sort'], /^threadmeter top: Option '-s, --sort <value>' argument missing\n/],
  [['top', '--interval', '0'], /--interval takes a number from 0.1 to 3600, not '0'/],
  [['top', '--interval', 'x'], /--interval takes a number from 0.1 to 3600, not 'x'/],
  [['ps', 'x', 'y'], /^threadmeter ps: Unexpected argument 'y'\n/],
  [['ps', '--interval', '0'], /--interval takes a number from 0.05 to 60, not '0'/],
  [['stack', ''], /^threadmeter stack: An operand is empty\n/],
  [['stack', '1', 'main', 'x'], /^threadmeter stack: Unexpected argument 'x'\n/],
  [['stack', '--wait', '-1'], /^threadmeter stack: --wait takes a number from 0 to 3600, not '-1'/],
  [['profile', '--seconds', '-5'], /--seconds takes a number from 0.01 to 3600, not '-5'\n/],
  [['profile', '-s', '-.5'], /--seconds takes a number from 0.01 to 3600, not '-.5'\n/],
  [['gc', '-o', '--list'], /--output needs a value, and '--list' looks like an option\n/],
  [['profile', '--seconds', '0'], /--seconds takes a number from 0.01 to 3600, not '0'/],
  [['profile', '--interval', '10'], /--interval takes a number from 50 to 1000000, not '10'/],
  [['profile', '--format', 'svg'], /--format is one of cpuprofile, html, .*, not 'svg'/],
  [['profile', '--timeout', '0'], /--timeout takes a number from 0.1 to 86400, not '0'/],
  [['heap-profile', '--interval', '1.5'], /--interval takes a whole number from 64 to/],
  [['gc', '--output='], /^threadmeter gc: --output is empty\n/],
  [['profile', '-o', ''], /^threadmeter profile: --output is empty\n/],
  [['gc', '--output'], /^threadmeter gc: Option '-o, --output <value>' argument missing\n/],
  [['completion'], /^threadmeter completion: The shell is one of bash, zsh, fish\n/],
  [['serve'], /^threadmeter serve: --dir is needed/],
  [['serve', '--dir', '/x', '--port', '65536'], /--port takes a whole number from 0 to 65535/],
  [['serve', '--dir', '/x', 'y'], /^threadmeter serve: Unexpected argument 'y'\n/],
]

it('explains mistakes in a line, with exit code 2', async () => {
  const endings = await Promise.all(MISTAKES.map(([args]) => run(args)))
  endings.forEach(({ code, output, errors }, place) => {
    const [args, message] = MISTAKES[place] as (typeof MISTAKES)[number]
    expect(errors, args.join(' ')).toMatch(message)
    expect(errors.trimEnd().split('\n')).toHaveLength(2)
    expect({ code, output }).toEqual({ code: 2, output: '' })
  })
})

it('tells mistakes in JSON, too, where that is asked for', async () => {
  const endings = await Promise.all([
    run(['stack', '--json', '']),
    run(['attach', '-j']),
    run(['profile', '-js', '-5']),
    run(['gc', '--json', '--no-such-option']),
    run(['heap-snapshot', '--', '--json', 'main', 'x']),
  ])
  expect(endings.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2])
  expect(endings.pop()?.output).toBe('')
  for (const { output, errors } of endings) {
    const { error } = JSON.parse(output)
    expect(output).toBe(`${JSON.stringify({ error })}\n`)
    expect(error.code).toBe('ERR_THREADMETER_USAGE')
    expect(errors).toContain(`: ${error.message}\nTry threadmeter `)
  }
})

it('explains itself', async () => {
  const [program, asked, top, serve, told] = await Promise.all([
    run(['--help']),
    run(['help', 'top']),
    run(['top', '-h']),
    run(['serve', '--help']),
    run(['--version']),
  ])
  for (const { code, errors } of [program, top, serve, told]) {
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
  }
  expect(asked).toEqual(top)
  const listed = /^Commands\n((?: {2}.*\n)+)/m.exec(program.output)?.[1] as string
  expect(listed.match(/^ {2}\S+/gm)?.map((name) => name.trim())).toEqual(Object.keys(COMMANDS))
  for (const option of [
    '--sort BY',
    '--interval S',
    '--once',
    '--json',
    '--no-color',
    '-h, --help',
  ]) {
    expect(top.output).toContain(option)
  }
  for (const option of ['--dir DIR', '--port N', '--host HOST'])
    expect(serve.output).toContain(option)
  for (const { output } of [program, top, serve])
    expect(output).toMatch(/^Examples\n {2}threadmeter /m)
  expect(told.output).toBe(`${version}\n`)
})
