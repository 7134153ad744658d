import { mkdtempSync, rmSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** A directory in memory that goes with the test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync('/dev/shm/threadmeter-meters-')
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
