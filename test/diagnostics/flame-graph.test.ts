import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import type { CpuProfile } from '../../dist/diagnostics/model.js'
import { Chromium, type Page, type Point } from './chromium.js'
import { temporaryDirectory, written } from './flame-page.js'
import { cpuProfileOf, DETAILS, shop } from './formats-profiles.js'

const ROW = 20
const ESCAPE = 27
const SIZE = { width: 1280, height: 800 }

const directory = temporaryDirectory()
let browser: Chromium

beforeAll(async () => {
  browser = await Chromium.launch()
})

afterAll(async () => {
  await browser.close()
})

/** A page that shows a profile, and that had nothing to complain about so far. */
async function opened(profile: CpuProfile, name: string): Promise<Page> {
  const page = await browser.page(SIZE)
  await page.scheme('light')
  const url = written(directory, `${name}.html`, toFormat(profile, 'html') as string)
  await page.open(url)
  expect(page.errors).toEqual([])
  expect(page.requests).toEqual([url])
  return page
}

/** A point of the graph: as share of its width, in the middle of a row of what is seen. */
async function pointAt(page: Page, share: number, row: number): Promise<Point> {
  const { x, y, width } = await page.evaluate<{ x: number; y: number; width: number }>(
    'document.getElementById("canvas").getBoundingClientRect().toJSON()',
  )
  return { x: x + width * share, y: y + (row + 0.5) * ROW }
}

const zoomedTo = (page: Page): Promise<string> => page.text('.crumb[aria-current]')

/** The rows of the table of functions: name, self, total. */
const functions = (page: Page): Promise<string[][]> =>
  page.evaluate(`[...document.querySelectorAll('#functions tr')].map((row) =>
    ['.name', 'td:nth-of-type(1) .weight', 'td:nth-of-type(2) .weight'].map((part) =>
      row.querySelector(part).textContent))`)

async function search(page: Page, text: string): Promise<void> {
  await page.press('/', 191)
  await page.type(text)
}

describe('the page of a flame graph', () => {
  it('says whose profile it is, and how the thread fared', async () => {
    const page = await opened(shop({ ...DETAILS, partial: 'process ended' }), 'header')
    const header = (await page.evaluate<string>('document.querySelector("header").innerText'))
      .replace(/\s+/g, ' ')
      .trim()
    for (const part of [
      ...['CPU profile server.mjs 2026-01-02 03:04:05 UTC', 'worker thread resizer'],
      ...['threadId 3', 'tid 4713', 'pid 4711', 'shop@2.3.4', 'Node.js 24.1.0'],
      ...['threadmeter 0.2.0', 'Window 2.00 s', 'CPU 62.5 % 1.25 s'],
      ...['Waited for a processor 2.5 % 0.05 s', 'Event loop busy 62.5 %', 'Samples 5'],
      ...['The process ended before the window did', 'At its start the thread was in three'],
    ]) {
      expect(header).toContain(part)
    }
  })

  it('zooms to what is clicked on, and back with Escape', async () => {
    const page = await opened(shop(), 'zoom')
    expect(await zoomedTo(page)).toBe('all but idle time')
    // Rows: all, main and the collector, three (750 of 1000 ms) and one, resize and readSync.
    await page.click(await pointAt(page, 0.85, 2))
    expect(await zoomedTo(page)).toBe('one')
    expect(await page.text('#selected')).toContain('/srv/shop/work.mjs:21')
    expect(await page.text('#selected')).toContain('200 ms, 20.0 %')
    // It takes all of the width now, and what it calls too.
    await page.move(await pointAt(page, 0.02, 3))
    expect(await page.text('#tip .name')).toBe('readSync')
    expect(await page.text('#trail')).toBe('all but idle timemainone')
    await page.press('Escape', ESCAPE)
    expect(await zoomedTo(page)).toBe('all but idle time')
    await page.click(await pointAt(page, 0.3, 2))
    expect(await zoomedTo(page)).toBe('three')
    await page.clickOn('#trail li:nth-child(2) button')
    expect(await zoomedTo(page)).toBe('main')
    await page.clickOn('#reset')
    expect(await zoomedTo(page)).toBe('all but idle time')
    expect(page.errors).toEqual([])
  })

  it('finds texts and regular expressions, and says how much they make up', async () => {
    const page = await opened(shop(), 'search')
    await search(page, 'WORK.mjs')
    // three and one, of main's 950 of 1000 ms.
    expect(await page.text('#matched')).toBe('95.0 % matched: 2 frames, 2 functions')
    expect((await functions(page)).map(([name]) => name).sort()).toEqual(['one', 'three'])
    await page.press('Escape', ESCAPE)
    expect(await page.text('#matched')).toBe('')
    await page.evaluate('document.getElementById("regex").click()')
    await search(page, '^(resize|one) ')
    expect(await page.text('#matched')).toBe('65.0 % matched: 2 frames, 2 functions')
    await page.press('Enter', 13)
    expect(await page.text('#selected .name')).toBe('resize')
    await page.press('Enter', 13)
    expect(await page.text('#selected .name')).toBe('one')
    await search(page, '(')
    expect(await page.text('#matched')).toContain('Invalid regular expression')
    expect(page.errors).toEqual([])
  })

  it('lists functions by what they used, in the order asked for', async () => {
    const page = await opened(shop(), 'table')
    expect(await functions(page)).toEqual([
      ['resize', '450 ms', '450 ms'],
      ['three', '300 ms', '750 ms'],
      ['readSync', '200 ms', '200 ms'],
      ['(garbage collector)', '50.0 ms', '50.0 ms'],
      ['main', '0 ms', '950 ms'],
      ['one', '0 ms', '200 ms'],
    ])
    await page.clickOn('#by-total')
    expect((await functions(page)).map(([name]) => name).slice(0, 2)).toEqual(['main', 'three'])
    await page.clickOn('#by-name')
    expect((await functions(page)).map(([name]) => name)).toEqual([
      '(garbage collector)',
      'main',
      'one',
      'readSync',
      'resize',
      'three',
    ])
    await page.clickOn('#functions tr:nth-child(6) button')
    expect(await page.text('#matched')).toBe('75.0 % matched: 1 frame, 1 function')
  })

  it('counts idle time where it is asked to', async () => {
    const page = await opened(shop(), 'idle')
    await page.clickOn('#idle')
    expect(await zoomedTo(page)).toBe('all')
    expect((await functions(page))[0]).toEqual(['(idle)', '1.00 s', '1.00 s'])
    await page.click(await pointAt(page, 0.75, 1))
    expect(await zoomedTo(page)).toBe('(idle)')
  })

  it('shows whose functions took how much', async () => {
    const page = await opened(shop(), 'legend')
    const groups = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.group')].map(({ innerText }) => innerText.replace(/\\s+/g, ' ').trim())`,
    )
    expect(groups).toEqual([
      ...['app 15.0 %', '@img/scale 22.5 %', 'Node.js internals 10.0 %'],
      ...['garbage collection 2.5 %', 'idle 50.0 %'],
    ])
    await page.clickOn('#legend li:nth-child(2) button')
    expect(await page.text('#matched')).toBe('45.0 % matched: 1 frame, 1 function')
  })

  it('can be used by keyboard alone', async () => {
    const page = await opened(shop(), 'keyboard')
    await page.evaluate('document.getElementById("canvas").focus()')
    const spoken = (): Promise<string> => page.text('#spoken')
    await page.press('ArrowDown', 40)
    expect(await spoken()).toBe(
      'main, /srv/shop/server.mjs:1. Total 950 ms, 95.0 %. Self 0 ms, 0 %.',
    )
    await page.press('ArrowDown', 40)
    await page.press('ArrowRight', 39)
    expect(await spoken()).toContain('one, ')
    await page.press('Enter', 13)
    expect(await zoomedTo(page)).toBe('one')
    await page.press('Backspace', 8)
    expect(await zoomedTo(page)).toBe('main')
  })

  it('draws the outermost calls at the bottom where that is wished for', async () => {
    const page = await opened(shop(), 'upwards')
    await page.clickOn('#flame')
    const { height } = await page.evaluate<{ height: number }>(
      'document.getElementById("canvas").getBoundingClientRect().toJSON()',
    )
    await page.click(await pointAt(page, 0.1, height / ROW - 2))
    expect(await zoomedTo(page)).toBe('main')
  })

  it('fits narrow screens', async () => {
    const page = await opened(shop(), 'narrow')
    await page.resize({ width: 380, height: 700 })
    await page.painted()
    const { width, graph } = await page.evaluate<{ width: number; graph: number }>(
      `({ width: document.documentElement.scrollWidth, graph: document.getElementById('graph').clientHeight })`,
    )
    expect(width).toBeLessThanOrEqual(380)
    expect(graph).toBeLessThan(700)
    expect(graph).toBeGreaterThan(300)
    await page.evaluate('document.getElementById("graph").scrollIntoView()')
    await page.click(await pointAt(page, 0.85, 2))
    expect(await zoomedTo(page)).toBe('one')
  })

  it('keeps the focus where it is when a function is picked', async () => {
    const page = await opened(shop(), 'focus')
    await page.evaluate('document.querySelector("#functions tr:nth-child(2) button").focus()')
    await page.evaluate('document.activeElement.click()')
    await page.painted()
    expect(await page.evaluate('document.activeElement.ariaPressed')).toBe('true')
    // The heaviest of its calls is described.
    expect(await page.text('#selected .name')).toBe('three')
    await page.evaluate('document.activeElement.click()')
    await page.painted()
    expect(await page.evaluate('document.activeElement.ariaPressed')).toBe('false')
    expect(await page.text('#matched')).toBe('')
  })

  it('takes names for texts, whatever is in them', async () => {
    const hostile = [
      '<img src=x onerror="document.title=1">',
      '</script><script>document.title = 1</script>',
      '<!--<script>',
      '\u2028"\'&amp;',
    ]
    const details = {
      ...DETAILS,
      program: `/srv/${hostile[0]}`,
      thread: { ...DETAILS.thread, name: hostile[1] as string },
      stackAtStart: hostile.map((functionName) => {
        return { functionName, url: functionName, lineNumber: 1, columnNumber: 1 }
      }),
      versions: { ...DETAILS.versions, app: hostile[0] as string },
    }
    const stack = hostile.map((name) => `${name}@file:///node_modules/${name}/${name}:3`)
    const page = await opened(cpuProfileOf([[stack, 1000]], details), 'hostile')
    const shown = await functions(page)
    expect(shown.map(([name]) => name).sort()).toEqual([...hostile].sort())
    for (const row of [0, 1, 2, 3, 4]) await page.move(await pointAt(page, 0.5, row))
    await search(page, '<')
    expect(await page.evaluate('document.images.length + document.scripts.length')).toBe(2)
    expect(await page.evaluate('document.title')).toContain('CPU profile')
    expect(page.errors).toEqual([])
  })

  it('shows nothing but idle time as that', async () => {
    const page = await opened(cpuProfileOf([[['(idle)'], 5000]]), 'only-idle')
    expect(await functions(page)).toEqual([['(idle)', '5.00 ms', '5.00 ms']])
    const empty = await opened(cpuProfileOf([]), 'empty')
    expect(await functions(empty)).toEqual([])
  })

  it('can be looked at', async () => {
    const page = await opened(shop(), 'screenshot')
    await page.scheme('dark')
    await page.painted()
    const path = join(directory, 'flame-graph.png')
    await page.screenshot(path)
    expect(statSync(path).size).toBeGreaterThan(10_000)
    // Colours of both schemes were drawn: that of `three`, in the dark, is none of the light ones.
    const dark = await colourAt(page, 0.5, 2)
    await page.scheme('light')
    await page.painted()
    const light = await colourAt(page, 0.5, 2)
    expect(luminance(light)).toBeGreaterThan(luminance(dark) + 50)
  })
})

/** The colour of the graph near the lower edge of a row. */
const colourAt = (page: Page, share: number, row: number): Promise<number[]> =>
  page.evaluate(`(() => {
    const canvas = document.getElementById('canvas')
    const x = Math.round(canvas.width * ${share})
    return [...canvas.getContext('2d').getImageData(x, ${(row + 1) * ROW - 3}, 1, 1).data]
  })()`)

const luminance = ([red, green, blue]: readonly number[]): number =>
  0.3 * (red as number) + 0.6 * (green as number) + 0.1 * (blue as number)
