import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { named } from '../fixtures/named.js'

// Without blanks at its ends, which top cuts, and in letters that it shows in every locale.
it.each(['thumbnails', 'x', 'exactly-15-byte', 'a) R (b'])(
  'top -H shows a thread as %j',
  async (name) => {
    await named(name, ({ tid }) => {
      const top = execFileSync('top', ['-H', '-b', '-n1', '-p', String(tid)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C', COLUMNS: '200' },
      })
      const line = top.split('\n').find((text) => text.trim().startsWith(`${tid} `))
      expect(line?.trimEnd().endsWith(` ${name}`)).toBe(true)
    })
  },
)
