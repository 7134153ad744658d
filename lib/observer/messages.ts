import type { SentCompanion } from './companion.js'
import type { Wanted } from './negotiation.js'
import type { ServiceThread } from './outside/index.js'
import type { ServerOptions } from './server.js'

/** What the thread of an observer is started with. */
export interface ThreadData {
  /** The runtime directory; undefined where there is none. */
  readonly directory: string | undefined
  /** Undefined for an observer without a server of its own. */
  readonly server: ServerOptions | undefined
  readonly tallies: SharedArrayBuffer
  /** What lives in the thread beside the observer. */
  readonly companion: SentCompanion | undefined
}

/** An error, as it goes from one thread to another: cloned it would lose its code. */
export interface SentError {
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

export const sendError = (error: unknown): SentError =>
  error instanceof Error
    ? { message: error.message, details: { ...error } }
    : { message: String(error), details: {} }

export const receiveError = ({ message, details }: SentError): Error =>
  Object.assign(new Error(message), details)

/** To the thread. */
export type Request =
  | { readonly kind: 'text'; readonly id: number }
  | { readonly kind: 'metrics'; readonly id: number; readonly wanted: Wanted }
  | { readonly kind: 'threads'; readonly id: number }
  | { readonly kind: 'close' }

/** From the thread. */
export type Reply =
  | { readonly kind: 'ready'; readonly port: number; readonly url: string | null }
  | { readonly kind: 'refused'; readonly error: SentError }
  /** The companion could not be imported. */
  | { readonly kind: 'alone' }
  | { readonly kind: 'text'; readonly id: number; readonly text: string }
  | { readonly kind: 'metrics'; readonly id: number; readonly body: Uint8Array }
  | { readonly kind: 'threads'; readonly id: number; readonly threads: readonly ServiceThread[] }
  | { readonly kind: 'failed'; readonly id: number; readonly error: SentError }
