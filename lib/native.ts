import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import * as workerThreads from 'node:worker_threads'
import { ThreadmeterError } from './errors.js'

/** One entry of `identities()`: uid, tid, threadId or -1, role, ended slot, start in ms, name. */
export type NativeIdentity = [number, number, number, number, number, number, string]

/** One entry of `ended()`: name, threads, user µs, system µs, CPU ns, delay ns, switches. */
export type NativeEnded = [string, number, number, number, number, number, number, number]

/** The addon's surface; what each call leaves in `scratch` stands in native/addon*.cc. */
export interface Native {
  scratchLength: number
  init(scratch: Float64Array, isMain: boolean, threadId: number, name: string): void
  cpuTime(): void
  usage(): void
  gettid(): number
  setThreadName(name: string): boolean
  look(rows: Float64Array, flags: number, version: number, endedVersion: number): number
  identities(): NativeIdentity[]
  ended(): NativeEnded[]
  lateEndings(): [number, number][]
  processParts(): boolean
  waitingForCpu(tid: number): boolean
  procfs(): string
  schedstat(): string
  eventLoop(): string
  takeObserverRole(): void
  runtimeDirectory(path?: string): string
  mapSegment(fd: number, offset: number, bytes: number): ArrayBuffer | number
  bindMeter(fd: number): number
  lockFile(fd: number): boolean
  taskFigures(pid: number, tid: number, flags: number): boolean
  offerInterrupts(threadId: number, answer: (letter: string) => string): string
  interruptible(tid: number, threadId: number): number
  announceEnd(): void
  isEnding(recipient: number): boolean
  sendLetter(recipient: number, text: string, wantsReply: boolean): number
  takeReply(letter: number): string | number
  forgetLetter(letter: number): boolean
}

/** Where the addon leaves its figures: one array per thread, read right after the call. */
export let scratch = new Float64Array(0)

let addon: Native | undefined
let loadError: unknown

// Workers that were given no name all carry this one.
const UNNAMED = new Set(['', 'WorkerThread'])

/** The `name` option with which this worker was started, where this Node tells it. */
function ownWorkerName(): string {
  const name = (workerThreads as { threadName?: string | null }).threadName ?? ''
  return UNNAMED.has(name) ? '' : name
}

function load(): Native {
  if (process.platform !== 'linux') {
    throw new Error(`threadmeter has no addon for ${process.platform}-${process.arch}`)
  }
  const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build')
  return nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)))
}

try {
  const loaded = load()
  scratch = new Float64Array(loaded.scratchLength)
  loaded.init(scratch, workerThreads.isMainThread, workerThreads.threadId, ownWorkerName())
  addon = loaded
} catch (error) {
  loadError = error
}

/** The addon, or undefined where it could not be loaded. */
export const native: Native | undefined = addon

/** Why the addon could not be loaded. */
export const nativeError: unknown = loadError

/** The addon, or the error that says why `call` cannot work without it. */
export function requireNative(call: string): Native {
  if (native === undefined) {
    throw new ThreadmeterError('ERR_THREADMETER_ADDON_UNAVAILABLE', [call], nativeError)
  }
  return native
}
