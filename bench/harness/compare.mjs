import { processCpuTime } from './peers.mjs'
import { median, pairwise } from './statistics.mjs'

const nowNs = () => Number(process.hrtime.bigint())

export function shuffled(list) {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j], copy[i]]
  }
  return copy
}

async function timed(contestant, times) {
  const cpuBefore = processCpuTime()
  const before = nowNs()
  await contestant.run(times)
  const wall = nowNs() - before
  return { wall, cpu: processCpuTime() - cpuBefore }
}

/** How often a contestant runs in a slice of `sliceMs`; warms it up on the way. */
async function calibrate(contestant, sliceMs) {
  for (let times = 1; ; times *= 2) {
    const { wall } = await timed(contestant, times)
    const wanted = Math.round((times * sliceMs * 1e6) / Math.max(wall, 1))
    if (wall > sliceMs * 0.5e6) {
      // Once more, compiled by now.
      const warm = await timed(contestant, Math.max(wanted, 1))
      return Math.max(Math.round((Math.max(wanted, 1) * sliceMs * 1e6) / warm.wall), 1)
    }
  }
}

async function calibrateAll(contestants, { sliceMs, before }) {
  const times = new Map()
  for (const contestant of contestants) {
    // What `before` sets up lasts for one operation.
    times.set(contestant, before ? 1 : await calibrate(contestant, sliceMs))
  }
  return times
}

/**
 * Runs every contestant once in each round, in a new random order each time, so that whatever else
 * the machine does meets all of them alike. A contestant is `{ name, run(times) }`, or
 * `{ name, missing }` with the reason why it cannot take part.
 *
 * @param options `rounds`; `sliceMs`, how long a contestant runs in a round; or instead of it `before`,
 * which is called, untimed, before each single operation
 * @returns per name `{ wall, cpu }`, each a list of ns per operation, one for each round; `cpu` is that
 * of the whole process
 */
export async function compare(contestants, options) {
  const present = contestants.filter((contestant) => contestant.missing === undefined)
  const times = await calibrateAll(present, options)
  const samples = new Map(present.map(({ name }) => [name, { wall: [], cpu: [] }]))
  for (let round = 0; round < options.rounds; round++) {
    for (const contestant of shuffled(present)) {
      const count = times.get(contestant)
      await options.before?.()
      const { wall, cpu } = await timed(contestant, count)
      samples.get(contestant.name).wall.push(wall / count)
      samples.get(contestant.name).cpu.push(cpu / count)
    }
  }
  return samples
}

/** The rows of a table: the median, and the median of the ratios to `reference` round by round. */
export function rowsOf(contestants, samples, reference, extra = () => ({})) {
  const base = samples.get(reference)
  return contestants.map((contestant) => {
    const { name, missing } = contestant
    if (missing !== undefined) return { name, missing }
    const own = samples.get(name)
    return {
      name,
      time: median(own.wall),
      ratio: base && pairwise(own.wall, base.wall, (a, b) => a / b),
      ...extra(contestant, own),
    }
  })
}
