import { resolve } from 'node:path'
import { EXIT } from '../capture/failures.js'
import { ownerOf, whyNoDoor } from '../capture/processes.js'
import { type CommandInput, Failure, numberOption, UsageError } from '../command.js'
import { programName } from '../program-name.js'
import { type Look, lookOf } from '../terminal/look.js'
import { type Line, paint, span } from '../terminal/text.js'
import { type Running, running, type Selection } from './running.js'
import { treeLines } from './tree.js'

const DEFAULT_SECONDS = 0.3

function selectionOf(operand: string | undefined): Selection {
  if (operand === undefined) return {}
  if (operand === '') throw new UsageError('Neither a pid nor a directory was given')
  return /^\d+$/.test(operand) ? { pid: ownerOf(Number(operand)) } : { directory: resolve(operand) }
}

const HOW_TO_START = `start a program so that it can be asked:
  node --require threadmeter/register app.js`

function othersLines({ others }: Running, all: boolean): Line[] {
  if (others.length === 0) return []
  const many =
    others.length === 1 ? '1 other Node.js process' : `${others.length} other Node.js processes`
  const head = span(`${many}, without threadmeter${all ? '' : ' (--all lists them)'}`, 'dim')
  if (!all) return [[], [head]]
  return [
    [],
    [head],
    ...others.map(({ pid, program }) => [
      span(`  ${pid} ${programName(program)}  `),
      span(`threadmeter attach ${pid}`, 'dim'),
    ]),
  ]
}

function nothing({ pid, directory }: Selection, { others }: Running): Failure {
  if (pid !== undefined) return new Failure(whyNoDoor(pid))
  if (directory !== undefined) return new Failure(`no process can be seen in ${directory}`)
  const [first] = others
  const attach =
    first === undefined
      ? ''
      : `
or ask one of the ${others.length} Node.js processes that run without it (threadmeter ps --all lists them):
  threadmeter attach ${first.pid}   ${programName(first.program)}`
  return new Failure(`no process with threadmeter is running; ${HOW_TO_START}${attach}`)
}

const textOf = (lines: readonly Line[], { width, colours }: Look): string =>
  `${lines.map((line) => paint(line, width, colours).trimEnd()).join('\n')}\n`

/** Resolves with the exit code. */
export async function runPs(input: CommandInput): Promise<number> {
  const seconds = numberOption(input, 'interval', DEFAULT_SECONDS, { least: 0.05, most: 60 })
  const selection = selectionOf(input.operands[0])
  const all = input.options.all === true
  const found = await running(selection, seconds)
  const isEmpty = found.services.length === 0
  if (input.options.json === true) {
    process.stdout.write(`${JSON.stringify(found)}\n`)
    if (isEmpty) throw nothing(selection, found)
    return EXIT.done
  }
  const look = lookOf(input, process.stdout)
  const others = selection.pid === undefined ? othersLines(found, all) : []
  if (!isEmpty) process.stdout.write(textOf([...treeLines(found, look, all), ...others], look))
  else if (all && others.length > 0) process.stdout.write(textOf(others.slice(1), look))
  if (isEmpty) throw nothing(selection, found)
  return EXIT.done
}
