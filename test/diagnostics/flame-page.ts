import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { PageData } from '../../dist/diagnostics/formats/flame-graph/page/data.js'

/** What a page carries of the profile, taken from its element as a browser would. */
export function readPageData(html: string): PageData {
  const begin = '<script type="application/json" id="data">'
  const from = html.indexOf(begin) + begin.length
  return JSON.parse(html.slice(from, html.indexOf('</script', from)))
}

/** A directory that goes with the tests of a file. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'threadmeter-flame-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Writes a file, and gives the URL of it. */
export function written(directory: string, name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return `file://${path}`
}
