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

/** From the helper to the main thread. The other way there is one message alone: that the exit has begun. */
export type HelperReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
