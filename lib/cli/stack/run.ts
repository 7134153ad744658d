import type { StackReport } from '../../diagnostics/model.js'
import { jsonOf } from '../capture/body.js'
import { Report } from '../capture/report.js'
import { type CaptureTask, runCapture } from '../capture/run-capture.js'
import { reportLines } from '../capture/stack-text.js'
import type { CaptureTarget, OpenTarget } from '../capture/target.js'
import type { CommandInput } from '../command.js'
import { programName } from '../program-name.js'
import type { Line } from '../terminal/text.js'
import { span } from '../terminal/text.js'

const byThread = (a: StackReport, b: StackReport): number => a.thread.threadId - b.thread.threadId

function titleLine(target: CaptureTarget, [first]: readonly StackReport[]): Line {
  const versions = first === undefined ? '' : `  Node.js ${first.versions.node.replace(/^v/, '')}`
  const time = new Date().toISOString()
  return [span(`${target.pid}  ${programName(target.program)}${versions}  ${time}`, 'dim')]
}

function textLines(
  target: CaptureTarget,
  reports: readonly StackReport[],
  options: Parameters<typeof reportLines>[1],
): Line[] {
  const blocks = reports.flatMap((report) => [[], ...reportLines(report, options)])
  return [titleLine(target, reports), ...blocks]
}

/** Resolves with the exit code. */
export async function runStack(input: CommandInput, open?: OpenTarget): Promise<number> {
  const out = new Report(input)
  const reports: StackReport[] = []
  const task: CaptureTask = {
    command: 'stack',
    kind: 'stack',
    thread: 'all',
    fields: {},
    begin: () => out.check(),
    async take({ body, bytes }) {
      const report = await jsonOf<StackReport>(body, bytes)
      reports.push(report)
      return report.partial
    },
    async finish(target) {
      reports.sort(byThread)
      const options = { full: input.options.full === true, width: out.look.width }
      await out.write(reports, () => textLines(target, reports, options))
    },
  }
  return await runCapture(input, task, open)
}
