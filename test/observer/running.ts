import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

/** A runtime directory that goes with the test. */
export function runtimeDirectory(): string {
  const path = mkdtempSync('/dev/shm/threadmeter-test-')
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const isNoDescription = (line: string): boolean => line !== '' && !line.startsWith('#')

/** The samples of an exposition, by what stands before their values. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter(isNoDescription)
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

export async function scrape(url: string): Promise<Map<string, number>> {
  return samplesOf(await (await fetch(`${url}/metrics`)).text())
}

/** A Node process that answers lines of text with lines of JSON, and how it ends. */
export class Running {
  readonly pid: number
  readonly ended: Promise<{ code: number | null; signal: string | null; at: number }>
  errors = ''
  readonly #write: (text: string) => void
  readonly #end: () => void
  readonly #lines: AsyncIterator<string>

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, args, {
      env: { ...cleanEnvironment(), THREADMETER_DIR: runtimeDirectory(), ...env },
      stdio: 'pipe',
    })
    this.pid = child.pid as number
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors += text
    })
    this.ended = once(child, 'close').then(([code, signal]) => ({
      ...{ code, signal },
      at: performance.timeOrigin + performance.now(),
    }))
    // It may be gone when its input is.
    child.stdin.on('error', () => {})
    this.#write = (text) => child.stdin.write(text)
    this.#end = () => child.stdin.end()
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    onTestFinished(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await this.ended
    })
  }

  say(line: string): void {
    this.#write(`${line}\n`)
  }

  async hear<T>(): Promise<T> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`it ended: ${this.errors}`)
    return JSON.parse(value) as T
  }

  ask<T>(line: string): Promise<T> {
    this.say(line)
    return this.hear<T>()
  }

  /** Closes its input: nothing keeps it then, but what it should not be kept by. */
  letGo(): void {
    this.#end()
  }
}
