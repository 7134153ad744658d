import { expect, test } from 'vitest'
import { resultOf } from './run.js'

interface Seen {
  name: string
  told: string
  role: string
  state: string
  switched: boolean
  young: boolean
}

test('names that try to confuse whoever reads /proc', async () => {
  const { seen, main } = await resultOf<{
    seen: Seen[]
    main: { name: string; role: string; state: string }
  }>('names')
  expect(seen).toHaveLength(8)
  for (const { name, told, role, state, switched, young } of seen) {
    expect({ told, role, switched, young }).toEqual({
      told: name,
      role: 'worker',
      switched: true,
      young: true,
    })
    expect(state).toMatch(/^[RSD]$/)
  }
  expect(main).toEqual({ name: 'main', role: 'main', state: 'R' })
})
