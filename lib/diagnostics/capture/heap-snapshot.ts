import { closeSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { messageOf } from '../../capability.js'
import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import { snapshotNeeds } from '../kernel/memory.js'
import type { CaptureRequest } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf } from './details.js'
import { failed, isEndOfThread } from './ending.js'
import { PrivateFile } from './private-file.js'
import { checkRoom } from './snapshot-room.js'
import { stackAtStart } from './stack.js'
import { unlessAborted } from './unless-aborted.js'

interface Evaluation {
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } }
}

/** The thread writes it itself, which it can do in the middle of its JavaScript. */
async function writtenByThread(channel: Channel, path: string): Promise<void> {
  const { exceptionDetails } = await channel.post<Evaluation>('Runtime.evaluate', {
    expression: `void globalThis.process.getBuiltinModule('v8').writeHeapSnapshot(${JSON.stringify(path)})`,
    returnByValue: true,
    silent: true,
  })
  if (exceptionDetails === undefined) return
  throw failed('heap-snapshot', exceptionDetails.exception?.description ?? 'the thread threw')
}

/**
 * The protocol's way that answers a thread that never comes to its event loop: taking a snapshot is part of
 * the end of tracking, whereas `takeHeapSnapshot` waits for the loop.
 */
async function writtenFromEvents(channel: Channel, file: PrivateFile): Promise<void> {
  const descriptor = file.create()
  let failure: unknown
  const take = ({ chunk }: { chunk: string }) => {
    if (failure !== undefined) return
    try {
      writeFileSync(descriptor, chunk)
    } catch (error) {
      // Of a full disk, say: thrown from here, nobody would catch it.
      failure = error
    }
  }
  const quiet = channel.on('HeapProfiler.addHeapSnapshotChunk', take)
  try {
    await channel.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: false })
    await channel.post('HeapProfiler.stopTrackingHeapObjects', { reportProgress: false })
  } finally {
    quiet()
    closeSync(descriptor)
    // Ends the tracking as well, which keeps the thread from ending.
    await channel.post('HeapProfiler.disable').catch(() => {})
  }
  if (failure !== undefined) throw failed('heap-snapshot', messageOf(failure), failure)
}

async function write(channel: Channel, file: PrivateFile, course: Course): Promise<void> {
  try {
    await writtenByThread(channel, file.path)
  } catch (error) {
    if (isEndOfThread(error) || course.cutShort !== null) throw error
    await writtenFromEvents(channel, file)
  }
}

function nameOf(channel: Channel): string {
  // There is never more than one of a thread at a time.
  const at = new Date().toISOString().replace(/[-:.Z]/g, '')
  const { pid, threadId } = channel.thread
  return `threadmeter-${pid}-${threadId}-${at}.heapsnapshot`
}

/**
 * Writes a heap snapshot. A heap near its limit is no reason to refuse: V8 keeps what it needs for a snapshot
 * outside of the heap, and such a heap is what snapshots are wanted of.
 */
export async function captureHeapSnapshot(
  channel: Channel,
  { directory, force }: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  const stack = await stackAtStart(channel, surroundings)
  const { usedSize } = await channel.post<{ usedSize: number }>('Runtime.getHeapUsage')
  const needs = snapshotNeeds(usedSize)
  if (!force) checkRoom(channel.thread, needs, directory ?? tmpdir())
  course.throwIfAborted()
  const name = nameOf(channel)
  const file = new PrivateFile(directory, name)
  const window = surroundings.window(channel.thread)
  course.started(null, needs.pauseSeconds)
  const quiet = course.tell(() => file.bytes)
  try {
    await unlessAborted(write(channel, file, course), surroundings.signal)
    const details = detailsOf('heap-snapshot', channel, surroundings, {
      stackAtStart: stack,
      window: window.close(),
      partial: null,
    })
    const { bytes } = file
    if (bytes === 0) throw failed('heap-snapshot', 'nothing was written')
    const path = directory === null ? file.path : file.publish(directory, name)
    const dispose = directory === null ? () => file.remove() : () => {}
    return { type: 'file', path, bytes, details, dispose }
  } catch (error) {
    file.remove()
    throw error
  } finally {
    quiet()
  }
}
