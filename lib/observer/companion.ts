import type { Transferable } from 'node:worker_threads'

/**
 * What lives in an observer's thread beside it, and goes on there when the observer cannot. Its module
 * exports `begin(data)`.
 */
export interface Companion {
  /** What the thread imports. */
  readonly module: URL
  /** What each thread begins with; the one before, if there was one, has ended. */
  equip(): { readonly data: unknown; readonly transfer: readonly Transferable[] }
  /** Called when no observer's thread is there for it, nor will be. */
  leave(): void
}

/** What the thread is told of its companion. */
export interface SentCompanion {
  readonly module: string
  readonly data: unknown
}

/** Starts a companion in this thread. */
export async function beginCompanion({ module, data }: SentCompanion): Promise<void> {
  const { begin } = (await import(module)) as { begin(data: unknown): Promise<void> }
  await begin(data)
}
