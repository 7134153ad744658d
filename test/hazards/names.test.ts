import { expect, test } from 'vitest'
import { resultOf } from './run.js'

interface Seen {
  name: string
  told: string
  role: string
  state: string
  switches: number[]
  young: boolean
}

test('names that try to confuse whoever reads /proc', async () => {
  const { seen, main } = await resultOf<{
    seen: Seen[]
    main: { name: string; role: string; state: string }
  }>('names')
  expect(seen).toHaveLength(8)
  for (const { name, told, role, state, switches, young } of seen) {
    expect({ told, role, young }).toEqual({
      told: name,
      role: 'worker',
      young: true,
    })
    expect(switches).toEqual([...switches].sort((a, b) => a - b))
    expect(state).toMatch(/^[RSD]$/)
  }
  expect(main).toEqual({ name: 'main', role: 'main', state: 'R' })
})
