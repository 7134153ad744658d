import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readLedger } from './fixtures/ledger.mjs'
import { OWN_STEP, ownSeries, STEPS } from './fixtures/steps.mjs'

/** Between which two values a series must be. */
export interface Bounds {
  least: number
  most: number
}

/** What the totals must be by the writers' own books. */
export interface Expectation {
  series: Map<string, Bounds>
  /** Steps of which it is not known whether they were taken: those in which a writer was killed. */
  open: number
  steps: number
  writers: number
}

function add(series: Map<string, Bounds>, key: string, least: number, most: number): void {
  const bounds = series.get(key) ?? { least: 0, most: 0 }
  series.set(key, { least: bounds.least + least, most: bounds.most + most })
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0)

/** Reads the ledgers of all writers, dead or alive. */
export function expectationOf(folder: string): Expectation {
  const expected: Expectation = { series: new Map(), open: 0, steps: 0, writers: 0 }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ledger'))) {
    const { intended, completed } = readLedger(join(folder, file))
    for (const [index, { adds }] of STEPS.entries()) {
      const [least, most] = [completed[index] as number, intended[index] as number]
      for (const [key, amount] of adds as [string, number][]) {
        add(expected.series, key, least * amount, most * amount)
      }
    }
    const writer = file.replace('.ledger', '')
    add(expected.series, ownSeries(writer), completed[OWN_STEP] ?? 0, intended[OWN_STEP] ?? 0)
    expected.open += sum(intended) - sum(completed)
    expected.steps += sum(completed)
    expected.writers++
  }
  return expected
}

/** The series that are not as the books say, each told in a line. */
export function deviations(shown: Map<string, number>, expected: Map<string, Bounds>): string[] {
  const wrong: string[] = []
  for (const [key, { least, most }] of expected) {
    const value = shown.get(key) ?? 0
    if (value < least || value > most) wrong.push(`${key}: ${value}, not ${least} to ${most}`)
  }
  for (const key of shown.keys()) {
    if (!key.startsWith('proof_') || key.includes('quantile=')) continue
    if (!expected.has(key)) wrong.push(`${key}: not expected at all`)
  }
  return wrong
}
