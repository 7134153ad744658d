import type { SeriesFigures } from './series-text.js'

/** The values of a summary's quantiles, in the order of its parameters. */
export const summaryQuantiles = (
  parameters: readonly number[],
  _figures: SeriesFigures,
): readonly number[] => parameters.slice(2).map(() => Number.NaN)
