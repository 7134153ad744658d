// Ages and contents of files, for deciding what has to be made again.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A path inside the checkout. */
export const inRoot = (...parts) => join(ROOT, ...parts)

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** All files below a folder, or none where there is no such folder. */
export function filesIn(folder) {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** Whether `product` is missing or older than one of `sources` (files or folders). */
export function isStale(product, sources) {
  if (!existsSync(product)) return true
  const made = statSync(product).mtimeMs
  // A folder's own time tells of files that were deleted.
  const all = sources.flatMap((source) => [source, ...filesIn(source)])
  return all.some((path) => statSync(path).mtimeMs > made)
}
