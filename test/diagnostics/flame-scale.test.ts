import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import { randomNumbers } from '../adapters/simulated-process.js'
import { Chromium } from './chromium.js'
import { readPageData, temporaryDirectory, written } from './flame-page.js'
import { cpuProfileOf, type Seen } from './formats-profiles.js'

// A minute at 1 ms, of a program with deep recursion and many call paths.
const SAMPLES = 60_000
const DEEPEST = 1000
const FUNCTIONS = 2000
const NODES = 20_000

const OPENS_WITHIN_MS = 3000
const ANSWERS_WITHIN_MS = 250

const directory = temporaryDirectory()
let browser: Chromium

beforeAll(async () => {
  browser = await Chromium.launch()
})

afterAll(async () => {
  await browser.close()
})

function large(): ReturnType<typeof cpuProfileOf> {
  const random = randomNumbers(7)
  const below = (count: number): number => Math.floor(random() * count)
  const name = (): string => {
    const number = below(FUNCTIONS)
    return `function${number}@file:///srv/node_modules/package-${number % 12}/lib/file-${number % 97}.js:${number}`
  }
  const deep = Array.from({ length: DEEPEST }, name)
  const stacks: string[][] = [deep]
  let nodes = DEEPEST
  while (nodes < NODES) {
    const base = stacks[below(stacks.length)] as string[]
    const kept = base.slice(0, below(Math.min(base.length, DEEPEST - 40)))
    const added = Array.from({ length: 1 + below(30) }, name)
    nodes += added.length
    stacks.push([...kept, ...added])
  }
  // Some stacks are seen often, as in life.
  const pick = (): string[] => stacks[Math.floor(stacks.length * random() ** 3)] as string[]
  const all: Seen[] = stacks.map((stack) => [stack, 1000])
  while (all.length < SAMPLES) all.push([pick(), 1000])
  return cpuProfileOf(all)
}

describe('the page of a large profile', () => {
  it('is small, opens soon, and answers at once', async () => {
    const profile = large()
    const html = toFormat(profile, 'html') as string
    const data = readPageData(html)
    expect(data.nodes.self.length).toBeGreaterThan(NODES * 0.9)
    expect(Math.max(...data.nodes.depth)).toBe(DEEPEST)
    // By calls, not by samples: less than a third of what V8 wrote.
    expect(html.length).toBeLessThan(JSON.stringify(profile).length / 3)
    const page = await browser.page({ width: 1440, height: 900 })
    const opened = await page.open(written(directory, 'large.html', html))
    const timed = (action: string): Promise<number> =>
      page.evaluate(`new Promise((done) => {
        const before = performance.now()
        ${action}
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - before)))
      })`)
    const canvas = 'document.getElementById("canvas")'
    const times = {
      zoom: await timed(`{
        const { x, y, width } = ${canvas}.getBoundingClientRect()
        const at = { clientX: x + width * 0.3, clientY: y + 130, bubbles: true }
        ${canvas}.dispatchEvent(new MouseEvent('click', at))
      }`),
      reset: await timed('document.getElementById("reset").click()'),
      scroll: await timed('document.getElementById("graph").scrollTop = 9000'),
      search: await timed(`{
        const field = document.getElementById('search')
        field.value = 'function1'
        field.dispatchEvent(new Event('input'))
      }`),
    }
    expect(page.errors).toEqual([])
    expect(opened).toBeLessThan(OPENS_WITHIN_MS)
    for (const time of Object.values(times)) expect(time).toBeLessThan(ANSWERS_WITHIN_MS)
  })
})
