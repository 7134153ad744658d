import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import type { CaptureRequest, GarbageCollection } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf, withDetails } from './details.js'
import { failed, isEndOfThread } from './ending.js'
import { stackAtStart } from './stack.js'

const SECONDS = 1000

// V8 says in which order collections came and how long each took, not when: each is known to lie between
// two of these looks.
const LOOK_MS = 100

// From a termination to the end of the thread.
const ENDING_MS = 500

/** One collection of v8.GCProfiler: kind, pause in µs, and heap in use and in all, before and after. */
type Collection = [string, number, number, number, number, number]

interface Look {
  /** ms since the Unix epoch, by the thread's own clock. */
  readonly from: number
  readonly to: number
  readonly collections: readonly Collection[]
}

// All that is kept in the thread hangs on one object of the inspector's: with the group, or the session,
// goes the object, and with that the profiler, which stops when it is collected.
const GROUP = 'threadmeter-gc'

const BEGIN = `(() => {
  const { GCProfiler } = globalThis.process.getBuiltinModule('v8')
  const begun = () => {
    const profiler = new GCProfiler()
    profiler.start()
    return profiler
  }
  return { begun, profiler: begun(), from: Date.now() }
})()`

// The next one begins before the last one ends, because the text of its figures is parsed at the end,
// which may well cost a collection.
const LOOK = `function (goOn) {
  const next = goOn ? this.begun() : undefined
  const { statistics } = this.profiler.stop()
  const from = this.from
  this.profiler = next
  this.from = Date.now()
  const collections = statistics.map(({ gcType, cost, beforeGC, afterGC }) => {
    const { heapStatistics: before } = beforeGC
    const { heapStatistics: after } = afterGC
    return [
      gcType,
      cost,
      before.usedHeapSize,
      after.usedHeapSize,
      before.totalHeapSize,
      after.totalHeapSize,
    ]
  })
  return { from, to: this.from, collections }
}`

interface Evaluation {
  readonly result: { readonly objectId?: string; readonly value?: unknown }
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } }
}

function resultOf({ result, exceptionDetails }: Evaluation): Evaluation['result'] {
  if (exceptionDetails === undefined) return result
  throw failed('gc-profile', exceptionDetails.exception?.description ?? 'the thread threw')
}

async function begin(channel: Channel): Promise<string> {
  const evaluation = await channel.post<Evaluation>('Runtime.evaluate', {
    expression: BEGIN,
    objectGroup: GROUP,
    silent: true,
  })
  return resultOf(evaluation).objectId as string
}

async function look(channel: Channel, objectId: string, goOn: boolean): Promise<Look> {
  const evaluation = await channel.post<Evaluation>('Runtime.callFunctionOn', {
    functionDeclaration: LOOK,
    objectId,
    arguments: [{ value: goOn }],
    returnByValue: true,
    silent: true,
  })
  return resultOf(evaluation).value as Look
}

/** What the looks before have seen is what there is of a thread that ends. */
async function nothingAtItsEnd(error: unknown, course: Course): Promise<undefined> {
  if (isEndOfThread(error)) return
  // A termination fails what it hits, which may be told before the end itself.
  await course.wait(ENDING_MS)
  if (course.cutShort === null || course.cutShort === 'aborted') throw error
}

/** Collections of one look, spread evenly over it. */
function collectionsOf({ from, to, collections }: Look): GarbageCollection[] {
  return collections.map(([kind, micros, usedBefore, usedAfter, totalBefore, totalAfter], i) => {
    const pause = micros / 1000
    const middle = from + ((i + 0.5) / collections.length) * (to - from)
    return {
      kind,
      startedAt: Math.max(from, middle - pause / 2),
      pause,
      heapUsedBefore: usedBefore,
      heapUsedAfter: usedAfter,
      heapTotalBefore: totalBefore,
      heapTotalAfter: totalAfter,
    }
  })
}

/** Lists the garbage collections of the window, or as many of them as there are. */
export async function captureGcProfile(
  channel: Channel,
  { seconds }: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  const stack = await stackAtStart(channel, surroundings)
  const window = surroundings.window(channel.thread)
  const until = performance.now() + seconds * SECONDS
  const objectId = await begin(channel)
  try {
    course.started(seconds, null)
    const quiet = course.tell()
    const collections: GarbageCollection[] = []
    try {
      for (let goOn = true; goOn; ) {
        await course.wait(Math.min(LOOK_MS, Math.max(0, until - performance.now())))
        goOn = course.cutShort === null && performance.now() < until
        const seen = await look(channel, objectId, goOn).catch((error) =>
          nothingAtItsEnd(error, course),
        )
        if (seen === undefined) break
        collections.push(...collectionsOf(seen))
      }
    } finally {
      quiet()
    }
    return withDetails(
      { collections },
      detailsOf('gc-profile', channel, surroundings, {
        stackAtStart: stack,
        window: window.close(),
        partial: course.cutShort,
      }),
    )
  } finally {
    await channel.post('Runtime.releaseObjectGroup', { objectGroup: GROUP }).catch(() => {})
  }
}
