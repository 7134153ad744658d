/** The value below which the share `q` of the samples lies; NaN without samples. */
export function quantile(samples, q) {
  const sorted = Float64Array.from(samples).sort()
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * q
  const below = sorted[Math.floor(at)]
  return below + (sorted[Math.ceil(at)] - below) * (at % 1)
}

export const median = (samples) => quantile(samples, 0.5)

/** The median of `f(a, b)` over the rounds in which both were measured. */
export function pairwise(a, b, f) {
  return median(Array.from(a, (value, round) => f(value, b[round])))
}
