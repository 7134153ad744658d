import { expect, test } from 'vitest'
import { resultOf } from './run.js'

test("a heap profile leaves the program's own alone, of which V8 has one", async () => {
  const { during, own, afterwards } = await resultOf<Record<string, unknown>>('diagnostics-sampled')
  expect(during).toContain('has its heap sampled already')
  expect(own).toBeGreaterThan(10)
  expect(afterwards).toBe('captured')
})
