import { type CommandInput, choiceOption, numberOption } from '../command.js'
import { canDraw, isUnicode } from '../terminal/screen.js'
import { glyphsFor } from './bar.js'
import { Live } from './live.js'
import { plain } from './plain.js'
import { SORTS, type Sort } from './sort.js'
import { type Target, targetOf } from './target.js'
import { type View, watch } from './watch.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const DEFAULT_INTERVAL = 1
const LEAST_INTERVAL = 0.1
const LONGEST_INTERVAL = 3600
// Where nothing tells how wide a line may be, all columns fit.
const WIDTH_OF_FILES = 200

/** What to do with each look, and with what is left at the end. */
interface Output {
  show(view: View): void
  close(): void
}

const write = (text: string): void => {
  process.stdout.write(text)
}

interface Wishes {
  readonly once: boolean
  readonly interval: number
  readonly sort: Sort
}

/** What was wished for, before anything is looked at: so that mistakes are told first. */
const wishesOf = (input: CommandInput): Wishes => ({
  once: input.options.once === true,
  interval: numberOption(input, 'interval', DEFAULT_INTERVAL, {
    least: LEAST_INTERVAL,
    most: LONGEST_INTERVAL,
  }),
  sort: choiceOption(input, 'sort', SORTS, 'cpu'),
})

function outputFor({ options }: CommandInput, { sort, once }: Wishes, onQuit: () => void): Output {
  if (options.json === true) {
    return { show: (view) => write(`${JSON.stringify(view)}\n`), close() {} }
  }
  const wanted = options['no-color'] !== true && !process.env.NO_COLOR
  const glyphs = glyphsFor(isUnicode())
  if (!once && canDraw(process.stdout)) {
    return new Live({ sort, colours: wanted, glyphs, onQuit })
  }
  const colours = wanted && canDraw(process.stdout)
  const width = process.stdout.columns ?? (Number(process.env.COLUMNS) || WIDTH_OF_FILES)
  return { show: (view) => write(plain(view, { sort, width, colours, glyphs })), close() {} }
}

async function watchTarget(target: Target, input: CommandInput, wishes: Wishes): Promise<void> {
  const { once, interval } = wishes
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  const output = outputFor(input, wishes, onSignal)
  for (const name of SIGNALS) process.once(name, onSignal)
  let ended = true
  try {
    for await (const view of watch(target, { interval, once, signal: stop.signal })) {
      output.show(view)
    }
    ended = !once && !stop.signal.aborted
  } finally {
    output.close()
    for (const name of SIGNALS) process.off(name, onSignal)
  }
  if (ended) console.error(`threadmeter: ${target.title} has ended`)
}

/** Resolves with the exit code. */
export async function runTop(input: CommandInput): Promise<number> {
  const wishes = wishesOf(input)
  const target = targetOf(input.operands[0])
  try {
    await watchTarget(target, input, wishes)
  } finally {
    target.close()
  }
  return 0
}
