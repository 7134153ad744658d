import { expect, it } from 'vitest'
import { widthOf } from '../../dist/cli/terminal/text.js'
import { wrapped } from '../../dist/cli/terminal/wrap.js'

const LINE = [
  { text: 'main', style: 'strong' },
  { text: '  thread 0, tid 4712  ', style: 'dim' },
  { text: '7 collections in 2.0 s, stood still for 103 ms (5.2 %)', style: '' },
  { text: '; heap 80 MiB to 35 MiB', style: '' },
] as const

const whole = LINE.map(({ text }) => text).join('')
const FIGURES = ['thread 0', 'tid 4712', 'for 103 ms (5.2 %)', 'heap 80 MiB to 35 MiB']

it.each([60, 80, 95, 200])('breaks between figures only, within %i columns', (width) => {
  const lines = wrapped(LINE, width).map((line) => line.map(({ text }) => text).join(''))
  for (const line of lines) expect(widthOf(line.trimEnd())).toBeLessThanOrEqual(width)
  for (const figure of FIGURES)
    expect(lines.filter((line) => line.includes(figure))).toHaveLength(1)
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}\S/)
  expect(lines.map((line, place) => (place === 0 ? line : line.slice(4))).join('')).toBe(whole)
  expect(lines.length > 1).toBe(width < widthOf(whole))
})

it('leaves lines whole where no width is known', () => {
  const [only, ...more] = wrapped(LINE, Number.POSITIVE_INFINITY)
  expect(more).toEqual([])
  expect(only?.map(({ text }) => text).join('')).toBe(whole)
})
