import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import { Chromium, type Page } from './chromium.js'
import { temporaryDirectory, written } from './flame-page.js'
import { knownWork, shop, uncertainty } from './formats-profiles.js'

const SIZE = { width: 1400, height: 900 }
const SHOWN_WITHIN_MS = 15_000

const directory = temporaryDirectory()
let browser: Chromium

beforeAll(async () => {
  browser = await Chromium.launch()
})

afterAll(async () => {
  await browser.close()
})

/** What a page shows, also within the shadow trees of its elements; a line for each text. */
const TEXTS = `(() => {
  const texts = []
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) texts.push(node.textContent.trim())
    if (['STYLE', 'SCRIPT'].includes(node.nodeName)) return
    for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) walk(child)
  }
  walk(document.body)
  return texts.join('\\n')
})()`

/** Waits until the page shows what is asked for. */
async function shown(page: Page, pattern: RegExp): Promise<RegExpExecArray> {
  const end = performance.now() + SHOWN_WITHIN_MS
  let texts = ''
  while (performance.now() < end) {
    texts = await page.evaluate<string>(TEXTS)
    const found = pattern.exec(texts)
    if (found) return found
    await page.painted()
  }
  throw new Error(`${pattern} is not shown, but\n${texts.slice(-3000)}`)
}

/** A figure of a viewer, such as `1.07s`, in ms. */
function inMs(text: string): number {
  const [, value, unit] = /^([\d.,]+)\s*(ns|µs|ms|s)$/.exec(text) as string[]
  const factor = { ns: 1e-6, µs: 1e-3, ms: 1, s: 1e3 }[unit as 'ns' | 'µs' | 'ms' | 's']
  return Number((value as string).replaceAll(',', '')) * factor
}

describe('speedscope', () => {
  /** Its program, with a file given to it as its command does: without a server. */
  async function inSpeedscope(text: string, name: string): Promise<Page> {
    const base64 = Buffer.from(text).toString('base64')
    const script = `speedscope.loadFileFromBase64(${JSON.stringify(name)}, "${base64}")`
    const path = fileURLToPath(written(directory, `${name}.js`, script))
    const program = new URL('../../node_modules/speedscope/dist/release/', import.meta.url)
    const page = await browser.page(SIZE)
    await page.open(`${program}index.html#localProfilePath=${path}`)
    await shown(page, /Time Order[\s\S]*: CPU profile/)
    // The table of functions, which is text.
    await page.evaluate(`window.dispatchEvent(new KeyboardEvent('keypress', { key: '3' }))`)
    return page
  }

  // total, its share, self, its share, name: each share with its brackets in lines of their own.
  const row = (name: string): RegExp =>
    new RegExp(`^(.+)\\n\\(\\n.+\\n\\)\\n(.+)\\n\\(\\n.+\\n\\)\\n${name}$`, 'm')

  it('shows our figures', async () => {
    const page = await inSpeedscope(toFormat(shop(), 'speedscope') as string, 'shop')
    expect((await shown(page, row('three'))).slice(1).map(inMs)).toEqual([750, 300])
    expect((await shown(page, row('resize'))).slice(1).map(inMs)).toEqual([450, 450])
    expect((await shown(page, row('one'))).slice(1).map(inMs)).toEqual([200, 0])
    expect((await shown(page, row('\\(idle\\)'))).slice(1).map(inMs)).toEqual([1000, 1000])
    expect(page.errors).toEqual([])
  })
})

describe("the performance panel of Chrome's developer tools", () => {
  /** The panel with a file opened by its own chooser of files. */
  async function inDevtools(path: string): Promise<Page> {
    const page = await browser.page(SIZE)
    await page.open('devtools://devtools/bundled/devtools_app.html?panel=timeline')
    await shown(page, /Live metrics/)
    const FIND = `(() => {
      const find = (root, wanted) => {
        for (const element of root.querySelectorAll('*')) {
          if (wanted(element)) return element
          const inner = element.shadowRoot && find(element.shadowRoot, wanted)
          if (inner) return inner
        }
        return null
      }
      globalThis.findDeep = (wanted) => find(document, wanted)
    })()`
    await page.evaluate(FIND)
    const { result } = await page.send<{ result: { objectId: string } }>('Runtime.evaluate', {
      expression: `findDeep((element) => element.matches('input[type=file]'))`,
    })
    await page.send('DOM.setFileInputFiles', { files: [path], objectId: result.objectId })
    await shown(page, /Bottom-up/)
    // What is shown at first leaves out what is idle at the ends, and at times more than that.
    await page.evaluate(`(() => {
      const overview = findDeep(({ className }) => className === 'overview-grid-cursor-area')
      overview.dispatchEvent(new MouseEvent('dblclick', { bubbles: true, composed: true }))
    })()`)
    await page.evaluate(`(() => {
      const tab = findDeep(({ role, textContent }) => role === 'tab' && textContent.includes('Bottom-up'))
      const options = { bubbles: true, composed: true, button: 0 }
      tab.dispatchEvent(new MouseEvent('mousedown', options))
      tab.click()
    })()`)
    return page
  }

  // self, its share, total, its share, name
  const row = (name: string): RegExp =>
    new RegExp(`^(.+\\sms)\\n.+\\s%\\n(.+\\sms)\\n.+\\s%\\n${name}$`, 'm')

  it('shows what a real profile says of known work', async () => {
    const work = knownWork()
    const text = toFormat(work.profile, 'cpuprofile') as string
    const path = fileURLToPath(written(directory, 'work.cpuprofile', text))
    const page = await inDevtools(path)
    for (const name of ['three', 'one'] as const) {
      const [, , total] = await shown(page, row(name))
      const difference = Math.abs(inMs(total as string) - work.spent[name])
      expect(difference).toBeLessThan(uncertainty(work, name))
    }
    expect(page.errors).toEqual([])
  })
})
