import type { LabelPairs, ShownFamily } from '../../dist/exposition/index.js'
import type { FamilyDescription } from '../../dist/meter/model.js'

type Sample = readonly [labels: LabelPairs, ...values: number[]]

/** A family to show, with all that a test does not care about. */
export const family = (
  type: FamilyDescription['type'],
  name: string,
  samples: readonly Sample[],
  { help = 'Help.', parameters = [] as readonly number[] } = {},
): ShownFamily => ({
  description: {
    ...{ name, help, type, parameters, aggregator: 'sum' },
    ...{ labelNames: [...new Set(samples.flatMap(([labels]) => labels.map(([label]) => label)))] },
    perProcess: false,
  },
  series: samples.map(([labels, ...values]) => ({
    labels,
    values: Float64Array.from(values),
    index: 0,
  })),
})
