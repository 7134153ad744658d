import type { MessagePort } from 'node:worker_threads'

/** What the helper is started with. */
export interface HelperData {
  readonly words: Int32Array<SharedArrayBuffer>
  /** To the main thread. */
  readonly port: MessagePort
  /** Of the socket. */
  readonly path: string
  readonly program: string
}

/** To the helper: the exit has begun, or the directory of its socket has been removed and made anew. */
export type HostMessage = 'exit' | 'rejoined'

/** From the helper to the main thread. */
export type HelperReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
