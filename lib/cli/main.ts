#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { type Command, Failure, UsageError } from './command.js'
import { COMMANDS, COMPLETE } from './commands.js'
import { commandHelp, programHelp } from './help.js'
import { isAskedForJson, parse } from './parse.js'
import { harmlessLines } from './terminal/text.js'

const OK = 0
const FAILED = 1
const MISUSED = 2

// The reader of a pipe may leave before the end (| head), a terminal may be closed: nobody is left to tell.
const NOBODY_READS = new Set(['EPIPE', 'EIO'])
process.stdout.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
  const isUnread = NOBODY_READS.has(code)
  if (!isUnread) console.error(`threadmeter: cannot write to standard output: ${message}`)
  process.exit(isUnread ? OK : FAILED)
})
// A command goes on without its messages: what it writes may be read all the same.
process.stderr.on('error', () => {})

function say(text: string): number {
  process.stdout.write(`${text}\n`)
  return OK
}

/** A failure for programs that read the output: in a line, as those of single threads. */
function sayInJson(error: unknown): void {
  const { code = null, message } = error as { code?: string; message: string }
  say(JSON.stringify({ error: { code, message } }))
}

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

async function runCommand(name: string, command: Command, args: string[]): Promise<number> {
  try {
    const input = parse(command, args)
    if (input.options.help === true) return say(commandHelp(name, command))
    return await command.run(input)
  } catch (error) {
    if (command.tellsErrorsInJson === true && isAskedForJson(command, args)) sayInJson(error)
    if (!(error instanceof UsageError)) throw error
    console.error(`threadmeter ${name}: ${error.message}\nTry threadmeter ${name} --help`)
    return MISUSED
  }
}

const commandCalled = (name = ''): Command | undefined =>
  Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined

async function run([first, ...rest]: string[]): Promise<number> {
  const asked = first === 'help' ? commandCalled(rest[0]) : undefined
  if (asked !== undefined) return say(commandHelp(rest[0] as string, asked))
  if (first === '--help' || first === '-h' || first === 'help') return say(programHelp(COMMANDS))
  if (first === '--version' || first === '-v') return say(version())
  if (first === COMPLETE) return await (await import('./completion/complete.js')).complete(rest)
  const command = commandCalled(first)
  if (first !== undefined && command !== undefined) return await runCommand(first, command, rest)
  const what = first?.startsWith('-') ? 'option' : 'command'
  const problem = first === undefined ? 'No command given' : `Unknown ${what} '${first}'`
  console.error(`threadmeter: ${problem}\nTry threadmeter --help`)
  return MISUSED
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // What a sentence explains needs no stack.
  console.error(error instanceof Failure ? harmlessLines(`threadmeter: ${error.message}`) : error)
  process.exitCode = error instanceof Failure ? error.exitCode : FAILED
}
