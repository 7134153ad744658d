import { mkdtempSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'

type Texts = Record<'all' | 'killed' | 'openMetrics', string>

const directory = mkdtempSync('/dev/shm/threadmeter-test-')
let texts: Texts

beforeAll(async () => {
  const args = [`${directory}/service`]
  texts = await runFixture<Texts>('../metrics/fixtures/cluster.mjs', { args })
})

afterAll(() => rmSync(directory, { recursive: true }))

const lines = (text: string, begins: RegExp): string[] =>
  text.split('\n').filter((line) => begins.test(line))

describe('clusterMetrics()', () => {
  it('adds up what workers and their threads count', () => {
    expect(lines(texts.all, /^jobs_total|^other|^threads_total/)).toEqual([
      'jobs_total{kind="all"} 6',
      'jobs_total{kind="of 0"} 1',
      'jobs_total{kind="of 1"} 1',
      'jobs_total{kind="of 2"} 1',
      'other_total 3',
      'threads_total 15',
    ])
    expect(lines(texts.all, /^seconds/)).toEqual([
      'seconds_bucket{le="1"} 2',
      'seconds_bucket{le="2"} 3',
      'seconds_bucket{le="+Inf"} 3',
      'seconds_sum 3',
      'seconds_count 3',
    ])
  })

  it('aggregates gauges as they say', () => {
    expect(lines(texts.all, /^(level|least|mean|omitted|endless)/)).toEqual([
      'endless +Inf',
      'least 10',
      'level 2',
      'mean 10',
    ])
  })

  it('keeps what a killed process counted, and not its gauges', () => {
    const counted = /^(jobs_total|other|threads_total|seconds)/
    expect(lines(texts.killed, counted)).toEqual(lines(texts.all, counted))
    expect(lines(texts.killed, /^(level|least|mean)/)).toEqual(['least 10', 'level 1', 'mean 5'])
  })

  it('shows what is about a thread for each process', () => {
    const used = lines(texts.all, /^nodejs_thread_heap_used_bytes\{thread="main"/)
    const processes = used.map((line) => /,process="(\d)"\} \d+$/.exec(line)?.[1])
    expect(processes).toEqual(['0', '1', '2', '3'])
  })

  it('writes OpenMetrics where asked to, and beside a collect() that never ends', () => {
    expect(lines(texts.openMetrics, /jobs|EOF/)).toEqual([
      '# HELP jobs h',
      '# TYPE jobs counter',
      ...lines(texts.all, /^jobs_total/),
      '# EOF',
    ])
  })
})

it('shows the metrics of its own thread where there are no files', async () => {
  const outcome = await runFixture('../metrics/fixtures/without-files.mjs')
  expect(outcome).toEqual({
    own: '# HELP c_total h\n# TYPE c_total counter\nc_total 2\n',
    both: '# HELP c_total h\n# TYPE c_total counter\nc_total 4\n',
    available: false,
  })
})
