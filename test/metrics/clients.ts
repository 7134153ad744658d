import * as prometheusIo from '@prometheus-io/client'
import * as promClient from 'prom-client'
import * as threadmeter from 'threadmeter/metrics'

/** What the three clients have in common; their types differ in what they let pass. */
export interface Client {
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: a test gives each client what its types forbid, too
  readonly module: any
}

const moduleOf = (module: object): unknown => ('default' in module ? module.default : module)

export const ours: Client = { name: 'threadmeter', module: threadmeter }
export const peers: readonly Client[] = [
  { name: 'prom-client', module: moduleOf(promClient) },
  { name: '@prometheus-io/client', module: moduleOf(prometheusIo) },
]

const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g

function sortLabels(line: string): string {
  const [, name, labels, rest] = /^([^{ ]+)\{(.*)\} (\S+)$/.exec(line) ?? []
  if (labels === undefined) return line
  const sorted = [...labels.matchAll(LABEL)].map(([pair]) => pair).sort()
  return `${name}{${sorted.join()}} ${rest}`
}

/** A text's lines in an order of their own, each with its labels in one. */
export const sortedLines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => sortLabels(line).replace(/ Nan$/, ' NaN'))
    .sort()

interface Sample {
  readonly value: number
  readonly labels: Record<string, unknown>
  readonly metricName?: string
}

/** The same of what `getMetricsAsJSON()` gives, with label values as text. */
export const sortedSamples = (
  metrics: readonly { name: string; type: string; values: readonly Sample[] }[],
): string[] =>
  metrics
    .flatMap(({ name, type, values }) =>
      values.map(({ value, labels, metricName }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}=${text}`)
        return `${type} ${metricName ?? name} ${pairs.sort().join()} ${value}`
      }),
    )
    .sort()
