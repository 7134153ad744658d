import { readFileSync } from 'node:fs'
import type { Channel } from '../channel/channel.js'
import type { CaptureContent, CaptureContext } from '../engine.js'
import type { OpenWindow } from '../kernel/window.js'
import type { CaptureDetails, CapturedThread, CaptureKind } from '../model.js'

/** What a capture is told beside its request. */
export interface CaptureSurroundings extends CaptureContext {
  /** Begins to watch what the thread uses. */
  window(thread: CapturedThread): OpenWindow
  readonly program: string
  /** Name and version of the program; see {@link appOf}. */
  readonly app: string | null
  /** The way to the thread for what runs JavaScript in it, where that is another one. */
  readonly evaluator?: Channel
  /** The version of Node that the thread runs in, where that is not the caller's. */
  readonly node?: string
  /** Whether the process collects coverage (NODE_V8_COVERAGE), where that is not the caller's. */
  readonly collectsCoverage?: boolean
}

const ownVersion: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
).version

/** What a capture says of itself. */
export function detailsOf<Kind extends CaptureKind>(
  kind: Kind,
  { thread, route }: Pick<Channel, 'route' | 'thread'>,
  { program, app, node = process.version }: CaptureSurroundings,
  course: Pick<CaptureDetails, 'stackAtStart' | 'window' | 'partial'>,
): CaptureDetails & { readonly kind: Kind } {
  return {
    kind,
    thread,
    program,
    route,
    ...course,
    versions: { threadmeter: ownVersion, node, app },
  }
}

/**
 * V8's object with the details under the key `threadmeter`. A profile may be of tens of MB: it becomes JSON
 * once, and nothing of it is copied before.
 */
export function withDetails(object: object, details: CaptureDetails): CaptureContent {
  const json = JSON.stringify(object)
  const separator = json === '{}' ? '' : ','
  return {
    type: 'json',
    json: `${json.slice(0, -1)}${separator}"threadmeter":${JSON.stringify(details)}}`,
  }
}
