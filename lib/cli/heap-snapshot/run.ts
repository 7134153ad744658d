import type { RequestFields } from '../../diagnostics/request.js'
import { threadText } from '../capture/failures.js'
import { Output, save } from '../capture/output.js'
import {
  type CaptureTask,
  type IncomingCapture,
  runCapture,
  type Say,
} from '../capture/run-capture.js'
import type { CaptureTarget, OpenTarget } from '../capture/target.js'
import type { CommandInput } from '../command.js'
import { lookOf } from '../terminal/look.js'
import { bytesText, secondsText } from '../terminal/quantity.js'
import { type Line, paint, span } from '../terminal/text.js'

const ENDING = '.heapsnapshot'
const READERS = "Chrome's DevTools"

function told({ thread, bytes, details }: IncomingCapture, path: string | null): Line[] {
  const took = details === undefined ? '' : `, took ${secondsText(details.window.seconds)}`
  const head = [span(threadText(thread), 'strong'), span(`  ${bytesText(bytes)}${took}`)]
  return path === null ? [head] : [head, [span(`${path}  ${bytesText(bytes)}, for ${READERS}`)]]
}

/** Resolves with the exit code. */
export async function runHeapSnapshot(input: CommandInput, open?: OpenTarget): Promise<number> {
  const output = new Output(input)
  const fields: RequestFields = { force: input.options.force === true }
  const { colours } = lookOf(input, process.stderr)

  async function take(
    capture: IncomingCapture,
    { program }: CaptureTarget,
    say: Say,
  ): Promise<null> {
    const { thread, bytes, details, body } = capture
    const path = await save(body, output.open(program, thread, ENDING))
    for (const line of told(capture, path)) {
      say(paint(line, Number.POSITIVE_INFINITY, colours))
    }
    if (input.options.json === true) {
      const document = { thread, file: path, bytes, window: details?.window }
      process.stdout.write(`${JSON.stringify(document)}\n`)
    }
    return null
  }

  const task: CaptureTask = {
    command: 'heap-snapshot',
    kind: 'heap-snapshot',
    thread: 'main',
    doing: 'taking a heap snapshot of',
    fields,
    begin: ({ thread }) => output.check(thread),
    take,
  }
  return await runCapture(input, task, open)
}
