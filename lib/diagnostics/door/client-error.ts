import { basename } from 'node:path'
import { ThreadmeterError } from '../../errors.js'
import { lifeOfProcess } from '../../meter/liveness.js'
import { CutOffError } from './frame-reader.js'
import { processBehind } from './process-name.js'

const NOT_LISTENING = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])
const CUT_OFF = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'])
const NOT_ALLOWED = new Set(['EACCES', 'EPERM'])

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

/** What a failed conversation over a socket means. Errors that say it already stay as they are. */
export function explain(path: string, error: unknown): unknown {
  const code = codeOf(error)
  if (error instanceof CutOffError || CUT_OFF.has(code)) return ended(path, error)
  if (NOT_LISTENING.has(code)) {
    return hasEnded(path) ? ended(path, error) : unavailable(`nobody answers on ${path}`, error)
  }
  if (NOT_ALLOWED.has(code)) return unavailable(`${path} is another user's`, error)
  const isNonsense = error instanceof SyntaxError || code.startsWith('HPE_')
  return isNonsense ? unavailable(`what answers on ${path} is no threadmeter`, error) : error
}
