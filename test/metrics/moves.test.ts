import { mkdtempSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'
import { sortedLines } from './clients.js'

interface Stage {
  readonly own: string
  readonly files?: string
}

interface Moves {
  readonly stages: Record<string, Stage>
  readonly churned: number
  readonly isReplaced: boolean
}

const directory = mkdtempSync('/dev/shm/threadmeter-test-')
let stages: Record<string, Stage>
let churn: Omit<Moves, 'stages'>

beforeAll(async () => {
  const args = [`${directory}/service`]
  ;({ stages, ...churn } = await runFixture<Moves>('../metrics/fixtures/moves.mjs', { args }))
})

afterAll(() => rmSync(directory, { recursive: true }))

// What the thread tells about itself is in its file alone.
const ofThread = /^(# (HELP|TYPE|UNIT) )?(nodejs_thread_|threadmeter_)/

/** The lines of the fixture's own metrics. */
const linesOf = (text: string | undefined): string[] =>
  sortedLines(text ?? '').filter((line) => !ofThread.test(line))

/** The samples of a stage whose lines begin so. */
function samples(text: string | undefined, begins: string): string[] {
  return linesOf(text).filter((line) => line.startsWith(begins))
}

describe('metrics that move between memory and the file of their thread', () => {
  it.each([
    'attached',
    'counted',
    'removed',
    'again',
    'other registry',
    'registered',
    'let go',
    'default labels',
    'two registries',
    'the other alone',
    'back',
    'after churn',
    'openmetrics',
  ])('are the same in both: %s', (stage) => {
    const { own, files } = stages[stage]
    expect(linesOf(files)).toEqual(linesOf(own))
    expect(own).toMatch(/^\w+(_total)?(\{.*\})? \d/m)
  })

  it('keep what was counted before there was a file', () => {
    expect(samples(stages.attached.files, 'counter{')).toEqual(
      samples(stages.memory.own, 'counter{'),
    )
    expect(samples(stages.counted.files, 'counter{')).toEqual([
      'counter{a="1"} 2',
      'counter{a="x",b="y"} 2',
      'counter{b="|"} 1',
    ])
  })

  it('lose what was removed, and count anew in kept children', () => {
    expect(samples(stages.removed.files, 'counter{a="x"')).toEqual([])
    expect(samples(stages.removed.files, 'histogram_count')).toEqual([])
    expect(samples(stages.again.files, 'counter{a="x"')).toEqual(['counter{a="x",b="y"} 1'])
    expect(samples(stages.again.files, 'histogram_count')).toEqual([
      'histogram_count{a="x"} 1',
      'histogram_count{a="z"} 1',
    ])
  })

  it('are seen while a registry holds them that observers see', () => {
    const [other, registered, letGo] = ['other registry', 'registered', 'let go'].map((stage) =>
      samples(stages[stage].files, 'elsewhere'),
    )
    expect([other, registered, letGo]).toEqual([[], ['elsewhere 2'], []])
    const both = stages['two registries'].files
    expect(samples(both, 'elsewhere')).toEqual(['elsewhere{app="two",elsewhere="yes"} 4'])
    expect(samples(both, 'gauge')).toEqual(['gauge{app="one"} 8'])
    expect(samples(stages['the other alone'].files, '')).toHaveLength(3)
    expect(samples(stages.back.files, 'elsewhere')).toEqual([])
  })

  it('go on when their file is replaced by a smaller one', () => {
    expect(samples(stages['after churn'].files, 'counter{a="x"')).toEqual([
      'counter{a="x",app="one",b="y"} 3',
    ])
    expect(samples(stages['after churn'].files, 'churn')).toEqual([])
    // 40,000 series were made; the slots of 2,000 of them are 16 KiB, their records 128 KiB.
    expect(churn.churned).toBeLessThan(4e6)
    expect(churn.isReplaced).toBe(true)
  })

  it('have their exemplars in both', () => {
    const pattern = /^exemplars_total\{app="one"\} \d # \{trace="t"\} 1 \d+(\.\d+)?$/m
    expect(stages.openmetrics.files).toMatch(pattern)
    expect(stages.openmetrics.own).toMatch(pattern)
  })
})
