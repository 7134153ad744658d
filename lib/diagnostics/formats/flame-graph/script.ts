import { readFileSync } from 'node:fs'

// What the compiler makes of `import { a, b } from './file.js'`, on one line or several.
const IMPORT = /^import (?:[^'"]*? from )?['"]\.\/([\w-]+)\.js['"];?\n/gm
const EXPORT = /^export (?=(?:async )?(?:function|class|const|let) )/gm
const EMPTY_EXPORT = /^export \{\};?\n/gm
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*\n?/gm

const read = (name: string): string =>
  readFileSync(new URL(`page/${name}.js`, import.meta.url), 'utf8')

/**
 * The page's modules as one script: each behind those that it imports, without imports and exports, in one
 * scope. Their names at the top level must therefore differ.
 */
function bundle(): string {
  const parts: string[] = []
  const seen = new Set<string>()
  const add = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const code = read(name)
    for (const [, imported] of code.matchAll(IMPORT)) add(imported as string)
    parts.push(
      code
        .replace(IMPORT, '')
        .replace(EXPORT, '')
        .replace(EMPTY_EXPORT, '')
        .replace(SOURCE_MAP, ''),
    )
  }
  add('main')
  return `(() => {\n'use strict';\n${parts.join('')}})()`
}

let bundled: string | undefined

/** The script of the page. It is the same for all profiles. */
export function pageScript(): string {
  bundled ??= bundle()
  return bundled
}
