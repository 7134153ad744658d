import { MemoryStore } from './memory-store.js'
import type { SeriesStore } from './model.js'

const store: SeriesStore = new MemoryStore()
const listeners: ((store: SeriesStore) => void)[] = []

/** Where the series of this thread are kept. */
export const threadStore = (): SeriesStore => store

/**
 * Calls `move` whenever the store is replaced (a file took the place of memory, or a smaller file that of
 * a larger one): it must make all its series anew in the store given and copy their values, at once.
 */
export function onStoreReplaced(move: (store: SeriesStore) => void): void {
  listeners.push(move)
}
