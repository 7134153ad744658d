import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

function packageIn(directory: string): { name?: unknown; version?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Name and version, `shop@1.2.3`, in the package.json nearest to a program's file; null when there is none
 * that has a name. Those that only say how files are to be read, `{ "type": "module" }`, are passed by.
 */
export function appOf(program: string): string | null {
  if (!program.startsWith('/')) return null
  for (let directory = dirname(program); ; directory = dirname(directory)) {
    const { name, version } = packageIn(directory) ?? {}
    if (typeof name === 'string' && name !== '') {
      return typeof version === 'string' ? `${name}@${version}` : name
    }
    if (directory === dirname(directory)) return null
  }
}
