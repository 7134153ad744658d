import { describeKernelView } from '../../diagnostics/kernel/describe.js'
import type { CapturedThread, ProgressEvent } from '../../diagnostics/model.js'
import type { Look } from '../terminal/look.js'
import { bytesText, secondsText } from '../terminal/quantity.js'
import { canDraw } from '../terminal/screen.js'
import { cut, harmless, type Line, paint, span } from '../terminal/text.js'

const REDRAW_MS = 100
const MS = 1000
const CLEAR_LINE = '\r\x1b[K'
const WIDEST_BAR = 40
const LEAST_BAR = 5

type Phase = 'queued' | 'blocked' | 'running' | 'reading' | 'done'

interface State {
  readonly thread: CapturedThread
  phase: Phase
  /** ms on the clock of this process. */
  since: number
  /** How long it takes, as far as it is known. */
  seconds: number | null
  bytes: number
  total: number | null
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

export interface ProgressOptions {
  /** `profiling`; undefined for what is not worth a line. */
  readonly doing: string | undefined
  /** The process. */
  readonly who: string
  /** Whether all of its threads are asked for. */
  readonly all: boolean
}

const share = (done: number, of: number): number => Math.min(of > 0 ? done / of : 1, 1)

/** A line that shows how far captures are, where there is a terminal; else a line as they begin. */
export class Progress {
  readonly #stream: Stream
  readonly #look: Look
  readonly #options: ProgressOptions
  readonly #draws: boolean
  readonly #states = new Map<number, State>()
  #timer: NodeJS.Timeout | undefined
  #drawn = false
  #told = false

  constructor(stream: Stream, look: Look, options: ProgressOptions) {
    this.#stream = stream
    this.#look = look
    this.#options = options
    this.#draws = options.doing !== undefined && canDraw(stream)
  }

  take(event: ProgressEvent): void {
    const { thread } = event
    const name = harmless(thread.name)
    switch (event.event) {
      case 'queued':
        this.#become(thread, 'queued')
        if (event.ahead > 0 && this.#options.doing !== undefined)
          this.say(`threadmeter: ${event.ahead} before in the queue of ${name}`)
        break
      case 'blocked':
        this.#become(thread, 'blocked')
        this.say(`threadmeter: waiting for ${name}: ${describeKernelView(event.kernel)}`)
        break
      case 'started': {
        const pause = event.expectedPauseSeconds
        this.#become(thread, 'running', event.seconds ?? pause)
        if (pause !== null && pause >= 0.5) {
          this.say(`threadmeter: ${name} will stand still for about ${secondsText(pause)}`)
        }
        this.#tell(name, event.seconds)
        break
      }
      case 'progress': {
        const state = this.#states.get(thread.threadId) ?? this.#become(thread, 'running')
        state.bytes = event.bytes ?? state.bytes
      }
    }
  }

  /** The capture is there, and is being read. */
  receiving(thread: CapturedThread, bytes: number): void {
    const state = this.#become(thread, 'reading')
    state.total = bytes
    state.bytes = 0
  }

  received(thread: CapturedThread, bytes: number): void {
    const state = this.#states.get(thread.threadId)
    if (state === undefined) return
    state.bytes += bytes
    if (state.total !== null && state.bytes >= state.total) state.phase = 'done'
  }

  /** A line that stays. */
  say(text: string): void {
    this.#clear()
    this.#stream.write(`${text}\n`)
    this.#draw()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#clear()
    this.#states.clear()
  }

  #become(thread: CapturedThread, phase: Phase, seconds: number | null = null): State {
    const state = { thread, phase, since: performance.now(), seconds, bytes: 0, total: null }
    this.#states.set(thread.threadId, state)
    if (this.#draws) {
      this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS)
      this.#timer.unref()
      this.#draw()
    }
    return state
  }

  #tell(name: string, seconds: number | null): void {
    const { doing, who, all } = this.#options
    if (this.#draws || this.#told || doing === undefined) return
    this.#told = true
    const long = seconds === null ? '' : ` for ${secondsText(seconds)}`
    this.#stream.write(`threadmeter: ${doing} ${all ? 'all threads' : name} of ${who}${long}\n`)
  }

  #clear(): void {
    if (this.#drawn) this.#stream.write(CLEAR_LINE)
    this.#drawn = false
  }

  #draw(): void {
    if (!this.#draws || this.#timer === undefined) return
    const columns = (this.#stream.columns || 80) - 1
    this.#stream.write(`\r${paint(this.#line(columns), columns, this.#look.colours)}\x1b[K`)
    this.#drawn = true
  }

  #line(columns: number): Line {
    const states = [...this.#states.values()]
    const open = states.filter(({ phase }) => phase !== 'done')
    const [slowest] = open.toSorted((a, b) => this.#left(b) - this.#left(a))
    if (slowest === undefined) return []
    const [only] = states
    const title = states.length === 1 ? (only as State).thread.name : `${states.length} threads`
    const name = cut(title, Math.max(Math.floor(columns / 3), 4))
    const head = [span(`${this.#doing(slowest)} `, 'dim'), span(`${name} `, 'strong')]
    const tail = ` ${this.#figures(slowest)}`
    const used = name.length + this.#doing(slowest).length + 2 + tail.length
    const room = Math.min(columns - used, WIDEST_BAR)
    const bar = room < LEAST_BAR ? [] : this.#bar(slowest, room)
    return [...head, ...bar, span(tail)]
  }

  #doing({ phase }: State): string {
    if (phase === 'queued') return 'in the queue of'
    if (phase === 'blocked') return 'waiting for'
    return phase === 'running' ? (this.#options.doing as string) : 'receiving'
  }

  #elapsed = ({ since }: State): number => (performance.now() - since) / MS

  #left(state: State): number {
    if (state.phase !== 'running') return state.phase === 'reading' ? 0 : Number.MAX_VALUE
    return state.seconds === null ? Number.MAX_VALUE : state.seconds - this.#elapsed(state)
  }

  #bar(state: State, room: number): Line {
    const { phase, seconds, total, bytes } = state
    const part =
      phase === 'running' && seconds !== null
        ? share(this.#elapsed(state), seconds)
        : total !== null && phase !== 'running'
          ? share(bytes, total)
          : undefined
    if (part === undefined) return []
    const full = Math.round(part * room)
    const [done, rest] = this.#look.unicode ? ['█', '░'] : ['#', '.']
    return [span(done.repeat(full), 'good'), span(rest.repeat(room - full), 'dim')]
  }

  #figures(state: State): string {
    const { phase, seconds, bytes, total } = state
    const elapsed = this.#elapsed(state)
    if (total !== null) return `${bytesText(bytes)} of ${bytesText(total)}`
    const amount = bytes > 0 ? `, ${bytesText(bytes)}` : ''
    if (phase !== 'running' || seconds === null || elapsed > seconds) {
      return `${secondsText(elapsed)}${amount}`
    }
    return `${secondsText(seconds - elapsed)} left${amount}`
  }
}
