import type { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { ThreadmeterError } from '../../errors.js'

type Inspector = typeof import('node:inspector')

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

const unavailable = (reason: string, cause?: unknown): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE', [reason], cause)

interface Permission {
  has(scope: string): boolean
}

/** Why sessions with the inspector of the main thread cannot be had in this process, or null. */
export function inspectorMissing(): string | null {
  if (!process.features.inspector) return 'this Node is built without an inspector'
  const { permission } = process as { permission?: Permission }
  if (permission === undefined || permission.has('inspector')) return null
  return process.allowedNodeEnvironmentFlags.has('--allow-inspector')
    ? 'the permission model needs --allow-inspector'
    : 'the permission model of this Node allows no inspector'
}

/**
 * A session with the inspector of the main thread, which needs nothing of that thread to be opened.
 * Throws ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE.
 */
export function openMainSession(): Session {
  const missing = inspectorMissing()
  if (missing !== null) throw unavailable(missing)
  try {
    // Not a static import: it throws where there is no inspector.
    const inspector: Inspector = createRequire(import.meta.url)('node:inspector')
    const session = new inspector.Session()
    session.connectToMainThread()
    return session
  } catch (error) {
    throw unavailable(messageOf(error), error)
  }
}
