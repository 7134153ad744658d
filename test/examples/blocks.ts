import { readFileSync } from 'node:fs'

// What the pool example says in plain lines, as figures.

export interface Row {
  name: string
  role: string
  tid: number
  bar: string
  cpu: number
  runDelay: number
  loop: number
  verdict: string
}

export const BLOCK = /^--- .*$/m
export const ROW =
  /^(\S+) +(\S+) +(\d+) (\S+) +([\d.]+) +[\d.]+ +[\d.]+ +([\d.]+|-) +([\d.]+|-) (busy|starved|blocked|idle)$/

export const blocksOf = (output: string): string[] => output.split(BLOCK).slice(1)

export function rowsOf(block: string): Row[] {
  return block.split('\n').flatMap((line) => {
    const match = ROW.exec(line)
    if (match === null) return []
    const [, name, role, tid, bar, cpu, delay, loop, verdict] = match as unknown as string[]
    const figures = { cpu: Number(cpu), runDelay: Number(delay), loop: Number(loop) }
    return [{ name, role, bar, verdict, tid: Number(tid), ...figures } as Row]
  })
}

/** All rows of the threads of one name, of every block. */
const allOf = (output: string, name: string): Row[] =>
  blocksOf(output)
    .flatMap(rowsOf)
    .filter((row) => row.name === name)

/** The same without the first row of each thread, which may have begun in the middle of it. */
export function settledOf(output: string, name: string): Row[] {
  const seen = new Set<number>()
  return allOf(output, name).filter(({ tid }) => {
    const settled = seen.has(tid)
    seen.add(tid)
    return settled
  })
}

export const share = (rows: Row[], verdict: string): number =>
  rows.filter((row) => row.verdict === verdict).length / rows.length

const MOST_PROCESSORS = 4

/** Some of the processors that this process may use, as taskset takes them. */
export function fewProcessors(): string {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(
    readFileSync('/proc/self/status', 'utf8'),
  )?.[1]
  const each = (allowed as string).split(',').flatMap((range) => {
    const [first, last] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: (last ?? first) - first + 1 }, (_, at) => first + at)
  })
  return each.slice(0, MOST_PROCESSORS).join(',')
}
