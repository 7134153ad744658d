import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ThreadmeterError } from '../../errors.js'
import { lifeOfProcess } from '../../meter/liveness.js'
import { CutOffError } from './frame-reader.js'
import { processBehind } from './process-name.js'

const NOT_LISTENING = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])
const CUT_OFF = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'])
const NOT_ALLOWED = new Set(['EACCES', 'EPERM'])

// A process that ends lets go of its connections a moment before it is gone, and one that exits removes its socket.
const ENDS_WITHIN_MS = 500
const LOOK_AGAIN_MS = 20

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '')

const unavailable = (reason: string, cause: unknown): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE', [reason], cause)

function ended(path: string, cause: unknown): ThreadmeterError {
  const pid = processBehind(basename(path))?.pid ?? path
  return new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(pid)], cause)
}

function hasEnded(path: string): boolean {
  const process = processBehind(basename(path))
  return process !== undefined && lifeOfProcess(process) === 'dead'
}

/** Who was there has hung up. */
async function cutOff(path: string, cause: unknown): Promise<ThreadmeterError> {
  const process = processBehind(basename(path))
  const late = performance.now() + ENDS_WITHIN_MS
  while (process !== undefined && lifeOfProcess(process) === 'alive' && existsSync(path)) {
    if (performance.now() > late) {
      const why =
        'the thread in it that answers has ended, of too little memory perhaps, and is started again'
      return unavailable(`process ${process.pid} hung up and is still there: ${why}`, cause)
    }
    await sleep(LOOK_AGAIN_MS)
  }
  return ended(path, cause)
}

/** What a failed conversation over a socket means. Errors that say it already stay as they are. */
export async function explain(path: string, error: unknown): Promise<unknown> {
  const code = codeOf(error)
  if (error instanceof CutOffError || CUT_OFF.has(code)) return cutOff(path, error)
  if (NOT_LISTENING.has(code)) {
    return hasEnded(path) ? ended(path, error) : unavailable(`nobody answers on ${path}`, error)
  }
  if (NOT_ALLOWED.has(code)) return unavailable(`${path} is another user's`, error)
  const isNonsense = error instanceof SyntaxError || code.startsWith('HPE_')
  return isNonsense ? unavailable(`what answers on ${path} is no threadmeter`, error) : error
}
