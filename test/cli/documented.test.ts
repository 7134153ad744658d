import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../dist/cli/commands.js'
import { type Ending, run } from './running.js'
import { sharedService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'

// docs/commands.md: what it says is printed is printed, and its options are those that there are.

const TEXT = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
const BLOCK = /^```console\n\$ threadmeter (.*)\n([\s\S]*?)\n```$/gm

const service = sharedService({ main: 'idle', mail: 'idle', crunch: 'fibonacci', shell: 'sleep' })
const allocating = sharedService({ main: 'allocating' })

/** What is the same in each run: no figures, ids and places, no verdict of a short look. */
const skeleton = (text: string): string[] =>
  text
    .replaceAll('stuck-service', 'service')
    .replace(/[^\s(]*\/service\.mjs/g, 'service.mjs')
    .replaceAll(service.directory, '/dev/shm/my-service')
    .replace(/, waits for a processor [\d.]+ %|, idle [\d.]+ %|, event loop [\d.]+ %/g, '')
    .replace(/ - /g, ' 0 ')
    .replace(/\d+(?:[.:-]\d+)*(?:T\S+Z)?/g, '0')
    .replace(/0 (?:ms|s|min 0 s)\b/g, '0 s')
    .replace(/0 (?:B|[KMG]iB)/g, '0 B')
    .replace(/\b(?:busy|starved|blocked|idle)$/gm, 'busy')
    .replace(/collections?\b/g, 'collections')
    .replace(/[ -]{2,}/g, ' ')
    .split('\n')
    .map((line) => line.trim())

// What a garbage collector does, and how many threads Node has, differs from version to version.
const VARIES =
  /^(?:└─|├─) 0 others|^(?:Scavenge|IncrementalMarking|MarkSweepCompact|all) 0|^at (?:listOnTimeout|processTimers) |^0 % 0 [sB]\b(?!.*fibonacci)|will stand still/

/** The lines that are the same in each run. Which stream they come on, they do not say. */
const constant = (text: string): string[] =>
  skeleton(text)
    .filter((line) => line !== '' && !VARIES.test(line))
    .sort()

const examples = [...TEXT.matchAll(BLOCK)].map(([, line, output]) => ({
  line: line as string,
  output: output as string,
}))

it('has an example of each command that asks a process', () => {
  expect(examples.map(({ line }) => line.split(' ')[0])).toEqual([
    ...['ps', 'stack', 'profile', 'profile', 'heap-profile', 'heap-snapshot', 'gc'],
  ])
})

const argumentsOf = (line: string): string[] =>
  line.replace('4711', String(service.pid)).replace('4712', String(allocating.pid)).split(' ')

it('prints what is said', async () => {
  const cwd = temporaryFolder()
  const endings = await Promise.all(examples.map(({ line }) => run(argumentsOf(line), { cwd })))
  examples.forEach(({ line, output }, place) => {
    const ending = endings[place] as Ending
    const told = ending.errors + ending.output
    expect(constant(told), `${line}\n${told}`).toEqual(constant(output))
  })
})

// These have pages of their own.
const ELSEWHERE = ['top', 'serve']
const HERE = Object.entries(COMMANDS).filter(([name]) => !ELSEWHERE.includes(name))

describe.each(HERE)('the section of %s', (name, command) => {
  const section = new RegExp(`^## ${name}\\n([\\s\\S]*?)(?=^## )`, 'm').exec(TEXT)?.[1]

  it('has all of its options, and no others', () => {
    const rows = [...(section as string).matchAll(/^\| `--([\w-]+)`(?:, `-(\w)`)? \|/gm)]
    expect(rows.map(([, option, short]) => [option, short])).toEqual(
      Object.entries(command.options).map(([option, { short }]) => [option, short]),
    )
  })
})

describe.each(Object.entries(COMMANDS))('%s', (name, command) => {
  it('is linked to, and its help has its summary', async () => {
    expect(TEXT).toMatch(new RegExp(`^\\| \\[\`${name}\`\\]\\(\\S+\\) \\|`, 'm'))
    const { code, output } = await run([name, '--help'])
    expect(code).toBe(0)
    expect(output.toLowerCase()).toContain(`${command.summary.toLowerCase()}.`)
    expect(output).toContain(`Usage: threadmeter ${name} [options]`)
    for (const [option, { short }] of Object.entries(command.options)) {
      expect(output).toContain(short === undefined ? `    --${option}` : `-${short}, --${option}`)
    }
    expect(command.examples.length).toBeGreaterThan(0)
    for (const [example] of command.examples) {
      expect(example).toContain(`threadmeter ${name}`)
      expect(output).toContain(`  ${example}`)
    }
  })
})
