import type { Channel } from '../channel/channel.js'
import type { StackFrame } from '../model.js'
import type { CaptureSurroundings } from './details.js'
import { isEndOfThread } from './ending.js'
import { sampledStack } from './sampled-stack.js'

/** A call as the protocol tells it: lines and columns count from 0. */
interface ProtocolFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

interface Evaluation {
  readonly exceptionDetails?: { readonly stackTrace?: { readonly callFrames: ProtocolFrame[] } }
}

// It throws before it does anything else, so that nothing of the thread's is touched. `silent` keeps a
// debugger from stopping at it and consoles from showing it.
const THROW = { expression: 'throw 0', silent: true, returnByValue: true }

// The one before may have met the end of what it interrupted, as a script's time-out.
const MOST_TRIES = 2

async function thrownStack(channel: Channel): Promise<readonly StackFrame[] | undefined> {
  // An exception carries its stack only where the Runtime domain is enabled.
  await channel.post('Runtime.enable')
  try {
    const { exceptionDetails } = await channel.post<Evaluation>('Runtime.evaluate', THROW)
    const frames = exceptionDetails?.stackTrace?.callFrames
    // The innermost is the evaluated text.
    return frames?.slice(1).map(({ functionName, url, lineNumber, columnNumber }) => ({
      functionName,
      url,
      lineNumber: lineNumber + 1,
      columnNumber: columnNumber + 1,
    }))
  } finally {
    await channel.post('Runtime.disable').catch(() => {})
  }
}

/**
 * The exact JavaScript stack of the thread at this moment, innermost first, of at most 200 calls, as many as V8
 * collects; empty when it runs none. No microtask and no timer of the thread runs for it. Where V8 refuses to
 * evaluate inside an interrupt, the stack is that of a profile of one sample.
 */
export async function currentStack(channel: Channel): Promise<readonly StackFrame[]> {
  for (let i = 0; i < MOST_TRIES; i++) {
    try {
      const frames = await thrownStack(channel)
      if (frames !== undefined) return frames
    } catch (error) {
      if (isEndOfThread(error)) throw error
    }
  }
  return sampledStack(channel)
}

/** The stack for the details of another capture; null where it cannot be had. */
export async function stackAtStart(
  channel: Channel,
  { evaluator = channel }: Pick<CaptureSurroundings, 'evaluator'>,
): Promise<readonly StackFrame[] | null> {
  try {
    return await currentStack(evaluator)
  } catch (error) {
    if (isEndOfThread(error)) throw error
    return null
  } finally {
    // A thread waits at its end for those who still converse with it.
    if (evaluator !== channel) void evaluator.close()
  }
}
