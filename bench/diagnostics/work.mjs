// What a request costs: objects made, sorted, written as JSON and read again; about half a millisecond,
// in functions of several levels, so that a sampler has stacks to walk.

const ROWS = 400

const rowOf = (index, seed) => ({ id: index, key: `row-${(index * seed) % 9973}`, at: index * 0.5 })

const rows = (seed) => Array.from({ length: ROWS }, (_, index) => rowOf(index, seed))

const byKey = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id)

const sumOf = (list) => list.reduce((sum, { id, at }) => sum + id * at, 0)

export function work(seed) {
  const text = JSON.stringify(rows(seed).sort(byKey))
  return `${sumOf(JSON.parse(text))}\n`
}
