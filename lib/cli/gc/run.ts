import type { GcProfile } from '../../diagnostics/model.js'
import { jsonOf } from '../capture/body.js'
import { secondsOf } from '../capture/options.js'
import { Report } from '../capture/report.js'
import { type CaptureTask, runCapture } from '../capture/run-capture.js'
import type { OpenTarget } from '../capture/target.js'
import type { CommandInput } from '../command.js'
import { gcLines } from './table.js'

const threadOf = ({ threadmeter: { thread } }: GcProfile): number => thread.threadId

/** Resolves with the exit code. */
export async function runGc(input: CommandInput, open?: OpenTarget): Promise<number> {
  const out = new Report(input)
  const profiles: GcProfile[] = []
  const options = { list: input.options.list === true, width: out.look.width }
  const task: CaptureTask = {
    command: 'gc',
    kind: 'gc-profile',
    thread: 'main',
    doing: 'watching the collections of',
    fields: { seconds: secondsOf(input) },
    begin: () => out.check(),
    async take({ body, bytes }) {
      const profile = await jsonOf<GcProfile>(body, bytes)
      profiles.push(profile)
      return profile.threadmeter.partial
    },
    async finish() {
      profiles.sort((a, b) => threadOf(a) - threadOf(b))
      await out.write(profiles, () =>
        profiles.flatMap((profile, place) => [
          ...(place === 0 ? [] : [[]]),
          ...gcLines(profile, options),
        ]),
      )
    },
  }
  return await runCapture(input, task, open)
}
