import { NO_NODE, type StackTree, StackTreeBuilder, type TreeFrame } from '../formats/stack-tree.js'
import { jsFrame } from './js-symbol.js'
import type { PerfFrame, PerfSample } from './script-parser.js'

const UNKNOWN = '[unknown]'

// Memory in brackets belongs to the kernel or its modules, but for these.
const NOT_KERNEL = /^\[(?:vdso|vsyscall|uprobes|unknown|heap|stack|anon|vectors)/

// The upper half of the addresses; see Documentation/arch/x86/x86_64/mm.rst and arm64/memory.rst.
const KERNEL_ADDRESS = /^f{4}[0-9a-f]{12}$/

const isKernel = ({ dso, address }: PerfFrame): boolean =>
  dso.startsWith('[')
    ? !NOT_KERNEL.test(dso) || KERNEL_ADDRESS.test(address)
    : /\.ko(?:\.\w+)?$/.test(dso)

/** Where V8 puts the code that it makes: perf takes all anonymous memory for what a map could name. */
const isGenerated = ({ dso }: PerfFrame): boolean =>
  /(?:^|\/)perf-\d+\.map$/.test(dso) || /^(?:\/\/anon|anon|\[anon)/.test(dso)

const NO_PLACE = { lineNumber: 0, columnNumber: 0 } as const

/** A call as a frame of the tree. */
export function treeFrame(frame: PerfFrame): TreeFrame {
  const { symbol, dso } = frame
  if (isKernel(frame)) return { functionName: symbol, file: '', ...NO_PLACE, category: 'kernel' }
  if (symbol !== UNKNOWN) {
    const named = isGenerated(frame) ? jsFrame(symbol) : undefined
    return named ?? { functionName: symbol, file: dso, ...NO_PLACE, category: 'native' }
  }
  if (isGenerated(frame)) {
    return { functionName: '(JavaScript without a name)', file: '', ...NO_PLACE, category: 'js' }
  }
  const file = dso === UNKNOWN ? '' : dso
  return { functionName: UNKNOWN, file, ...NO_PLACE, category: 'native' }
}

/** An outermost call at an address that is in nothing: a register that held no frame. It tells nothing. */
const isBogus = ({ symbol, dso }: PerfFrame): boolean => symbol === UNKNOWN && dso === UNKNOWN

function withoutBogus(frames: readonly PerfFrame[]): readonly PerfFrame[] {
  let end = frames.length
  while (end > 1 && isBogus(frames[end - 1] as PerfFrame)) end--
  return frames.slice(0, end)
}

/** How a thread is called: by who knows it, else by the kernel. */
export type NameThread = (tid: number, comm: string) => string

/** Builds one tree of samples, with a root for each thread. */
export class PerfTree {
  readonly #builder = new StackTreeBuilder('microseconds')
  readonly #nameThread: NameThread
  readonly #micros: number
  // A sample prints the same calls over and over: what was read once is kept by its text.
  readonly #frames = new Map<string, number>()
  readonly #roots = new Map<number, number>()

  /** @param micros that a sample stands for: perf samples while a thread runs */
  constructor(micros: number, nameThread: NameThread) {
    this.#micros = micros
    this.#nameThread = nameThread
  }

  add({ comm, tid, frames }: PerfSample): void {
    let node = this.#root(tid, comm)
    for (const frame of withoutBogus(frames).toReversed()) {
      node = this.#builder.node(node, this.#frame(frame))
    }
    this.#builder.sample(node, this.#micros)
  }

  build(): StackTree {
    return this.#builder.build(this.#micros, null)
  }

  #frame(frame: PerfFrame): number {
    // Addresses tell kernel code from unknown memory.
    const key = `${frame.dso}\0${frame.symbol}\0${KERNEL_ADDRESS.test(frame.address)}`
    const known = this.#frames.get(key) ?? this.#builder.frame(treeFrame(frame))
    this.#frames.set(key, known)
    return known
  }

  /** A thread may be renamed while it is watched. */
  #root(tid: number, comm: string): number {
    const known = this.#roots.get(tid)
    if (known !== undefined) return known
    const root = this.#builder.node(
      NO_NODE,
      this.#builder.frame({
        functionName: this.#nameThread(tid, comm),
        file: '',
        ...NO_PLACE,
        category: 'program',
      }),
    )
    this.#roots.set(tid, root)
    return root
  }
}
