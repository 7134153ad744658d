import type { Readable } from 'node:stream'
import { ThreadmeterError } from '../errors.js'
import { DoorClient } from './door/client.js'
import type { CaptureRequest } from './model.js'
import type { CaptureOptions, ThreadResult } from './options.js'

async function jsonIn<Value>(body: Readable): Promise<Value> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as Value
}

async function collect<Value>(
  client: DoorClient,
  request: CaptureRequest,
  { signal, onProgress }: CaptureOptions,
): Promise<ThreadResult<Value>[]> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const results: ThreadResult<Value>[] = []
  for await (const received of client.capture(request, options)) {
    const { thread } = received
    if ('error' in received) results.push({ thread, error: received.error })
    else results.push({ thread, value: await jsonIn<Value>(received.body) })
  }
  return results
}

/** Hangs up when it has taken too long. */
async function within<Result>(
  client: DoorClient,
  { kind, thread }: CaptureRequest,
  ms: number | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  if (ms === undefined) return run()
  const details = [`${kind} of ${thread}`, String(ms / 1000)]
  const late = setTimeout(
    () => client.close(new ThreadmeterError('ERR_THREADMETER_TIMEOUT', details)),
    ms,
  )
  try {
    return await run()
  } finally {
    clearTimeout(late)
  }
}

/** What a capture brings over a socket, of each thread that was meant. */
export function captureAll<Value>(
  socketPath: string,
  request: CaptureRequest,
  options: CaptureOptions,
): Promise<ThreadResult<Value>[]> {
  const client = new DoorClient(socketPath)
  return within(client, request, options.timeout, () => collect(client, request, options))
}

/** The same of one thread. Rejects with what its capture failed with. */
export async function captureOne<Value>(
  socketPath: string,
  request: CaptureRequest,
  options: CaptureOptions,
): Promise<Value> {
  const [result] = await captureAll<Value>(socketPath, request, options)
  if (result === undefined) {
    const details = [request.kind, 'nothing came of it']
    throw new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', details)
  }
  if ('error' in result) throw result.error
  return result.value
}
