import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

const COMMAND_LIMIT_MS = 30_000
const LIFE_LIMIT_MS = 180_000

interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: unknown
  readonly error?: { message: string }
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

type Listener = (params: Record<string, unknown>) => void

/** A point of a page, in CSS pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * A headless Chromium, told what to do over two pipes: no port, and no WebSocket, which Node 20 lacks.
 * chromedevtools.github.io/devtools-protocol
 */
export class Chromium {
  readonly #child: ChildProcess
  readonly #profile: string
  readonly #input: Writable
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #sent = 0

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child
    this.#profile = profile
    this.#input = child.stdio[3] as Writable
    this.#input.on('error', () => {})
    let text = ''
    const output = child.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (text + chunk).split('\0')
      text = messages.pop() as string
      for (const message of messages) this.#receive(JSON.parse(message))
    })
    child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Chromium ended'))
    })
  }

  static async launch(...flags: string[]): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'threadmeter-chromium-'))
    const child = spawn(
      'chromium',
      [
        ...['--headless', '--remote-debugging-pipe', `--user-data-dir=${profile}`],
        ...['--no-first-run', '--no-default-browser-check', '--disable-background-networking'],
        ...['--disable-component-update', '--disable-sync', '--disable-gpu', '--mute-audio'],
        ...['--disable-dev-shm-usage', '--hide-scrollbars'],
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ...flags,
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], timeout: LIFE_LIMIT_MS },
    )
    const browser = new Chromium(child, profile)
    await browser.send('Target.setDiscoverTargets', { discover: true })
    return browser
  }

  #receive({ id, sessionId, method, params, result, error }: Message): void {
    if (id === undefined) {
      for (const listener of this.#listeners.get(`${sessionId ?? ''} ${method}`) ?? []) {
        listener(params ?? {})
      }
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(new Error(error.message))
    else waiting?.resolve(result)
  }

  async send<Result = Record<string, unknown>>(
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<Result> {
    const id = ++this.#sent
    const timer = setTimeout(() => {
      this.#waiting.get(id)?.reject(new Error(`${method} was not answered`))
      this.#waiting.delete(id)
    }, COMMAND_LIMIT_MS)
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
        this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  on(method: string, listener: Listener, sessionId = ''): void {
    const key = `${sessionId} ${method}`
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
  }

  async page(size: Size): Promise<Page> {
    const { targetId } = await this.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
    })
    return this.attach(targetId, size)
  }

  /** A page that is there already. */
  async attach(targetId: string, size: Size): Promise<Page> {
    const { sessionId } = await this.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    })
    const page = new Page(this, sessionId)
    await page.begin(size)
    return page
  }

  async close(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : null
    await this.send('Browser.close').catch(() => this.#child.kill('SIGKILL'))
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(timer)
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** A page of a {@link Chromium}. */
export class Page {
  /** What the console said of errors and refusals, and exceptions that nobody caught. */
  readonly errors: string[] = []
  /** The URLs that the page asked for, itself included. */
  readonly requests: string[] = []
  readonly #browser: Chromium
  readonly #session: string

  constructor(browser: Chromium, session: string) {
    this.#browser = browser
    this.#session = session
  }

  send<Result = Record<string, unknown>>(method: string, params: object = {}): Promise<Result> {
    return this.#browser.send<Result>(method, params, this.#session)
  }

  on(method: string, listener: Listener): void {
    this.#browser.on(method, listener, this.#session)
  }

  async begin(size: Size): Promise<void> {
    this.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      this.errors.push(JSON.stringify(exceptionDetails))
    })
    this.on('Runtime.consoleAPICalled', ({ type, args }) => {
      if (type === 'error') this.errors.push(JSON.stringify(args))
    })
    this.on('Log.entryAdded', ({ entry }) => {
      const { level, text } = entry as { level: string; text: string }
      if (level === 'error') this.errors.push(text)
    })
    this.on('Network.requestWillBeSent', ({ request }) => {
      this.requests.push((request as { url: string }).url)
    })
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`)
    await this.resize(size)
  }

  async resize(size: Size): Promise<void> {
    const metrics = { ...size, deviceScaleFactor: 1, mobile: false }
    await this.send('Emulation.setDeviceMetricsOverride', metrics)
  }

  async scheme(value: 'light' | 'dark'): Promise<void> {
    const features = [{ name: 'prefers-color-scheme', value }]
    await this.send('Emulation.setEmulatedMedia', { features })
  }

  /** Resolves when the page has loaded and drawn itself, with how long that took in ms. */
  async open(url: string): Promise<number> {
    const loaded = new Promise<void>((resolve) => this.on('Page.loadEventFired', () => resolve()))
    const before = performance.now()
    await this.send('Page.navigate', { url })
    await loaded
    await this.painted()
    return performance.now() - before
  }

  /** Until what was changed has been drawn. */
  async painted(): Promise<void> {
    await this.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))',
    )
  }

  async evaluate<Value = unknown>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send<{
      result: { value: Value }
      exceptionDetails?: { exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description)
    return result.value
  }

  text(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`)
  }

  async click({ x, y }: Point): Promise<void> {
    const at = { x, y, button: 'left', clickCount: 1 }
    await this.move({ x, y })
    await this.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at })
    await this.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at })
    await this.painted()
  }

  async clickOn(selector: string): Promise<void> {
    await this.click(
      await this.evaluate<Point>(`(() => {
        const found = document.querySelector(${JSON.stringify(selector)})
        const { x, y, width, height } = found.getBoundingClientRect()
        return { x: x + width / 2, y: y + height / 2 }
      })()`),
    )
  }

  async move({ x, y }: Point): Promise<void> {
    await this.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
  }

  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text })
    await this.painted()
  }

  /** A key by its name; `code`: its number on Windows, by which some of them work. */
  async press(key: string, code = 0, modifiers = 0): Promise<void> {
    const event = { key, windowsVirtualKeyCode: code, modifiers }
    await this.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event })
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
    await this.painted()
  }

  async screenshot(path: string): Promise<void> {
    const { data } = await this.send<{ data: string }>('Page.captureScreenshot')
    writeFileSync(path, Buffer.from(data, 'base64'))
  }
}
