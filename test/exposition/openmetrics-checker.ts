/**
 * A strict reader of OpenMetrics 1.0 text, line by line, written from the specification alone
 * (prometheus.io/docs/specs/om/open_metrics_spec): it throws at whatever that forbids.
 */
export interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
  readonly exemplar: string | undefined
}

export interface CheckedFamily {
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly help: string
  readonly samples: Sample[]
}

const SUFFIXES: Record<string, readonly string[]> = {
  counter: ['_total', '_created'],
  gauge: [''],
  unknown: [''],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|\\.\\d+|Inf|NaN)'
const LABELS = '(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"(?:,(?!\\}))?)*'
const META = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.*)$`)
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{(${LABELS})\\})? (${NUMBER})( # \\{${LABELS}\\} ${NUMBER}(?: ${NUMBER})?)?$`,
)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g
// The canonical numbers of the specification, for bounds.
const BOUND = /^(?:\+Inf|-?(?:\d+\.\d+|\d(?:\.\d+)?e[+-]\d{2,}))$/

const need = (holds: unknown, what: string, line: string): void => {
  if (!holds) throw new Error(`${what}: ${line}`)
}

function labelsOf(text: string, line: string): Map<string, string> {
  const labels = new Map<string, string>()
  for (const [, name, value] of text.matchAll(LABEL)) {
    need(!labels.has(name), 'label twice', line)
    labels.set(name, value)
  }
  return labels
}

const toNumber = (text: string): number => Number(text.replace('Inf', 'Infinity'))

class Checker {
  readonly families: CheckedFamily[] = []
  readonly #names = new Set<string>()
  readonly #series = new Set<string>()

  line(line: string): void {
    const meta = META.exec(line)
    if (meta === null) this.#sample(line)
    else this.#meta(meta, line)
  }

  #meta([, kind, name, text]: RegExpExecArray, line: string): void {
    const key = kind.toLowerCase()
    let family = this.families.at(-1)
    if (family?.name !== name) {
      need(kind === 'HELP', 'begins with HELP', line)
      family = { name, type: '', unit: '', help: '', samples: [] }
      this.families.push(family)
    }
    need(family.samples.length === 0, 'metadata before samples', line)
    need(family[key as 'type'] === '', 'metadata once', line)
    if (kind === 'TYPE') {
      need(text in SUFFIXES, 'known type', line)
      for (const suffix of SUFFIXES[text]) {
        need(!this.#names.has(name + suffix), 'name is free', line)
        this.#names.add(name + suffix)
      }
    }
    if (kind === 'UNIT') need(name.endsWith(`_${text}`), 'unit ends the name', line)
    if (kind === 'HELP') need(!/(?<!\\)(?:\\\\)*"/.test(text), 'quotes are escaped', line)
    Object.assign(family, { [key]: text })
  }

  #sample(line: string): void {
    const match = SAMPLE.exec(line)
    need(match, 'is a sample', line)
    const [, name, labelText = '', value, exemplar] = match as RegExpExecArray
    const family = this.families.at(-1) as CheckedFamily
    const suffix = name.slice(family.name.length)
    need(name.startsWith(family.name), 'within its family', line)
    need(SUFFIXES[family.type].includes(suffix), 'suffix of its type', line)
    const labels = labelsOf(labelText, line)
    const key = name + JSON.stringify([...labels].sort())
    need(!this.#series.has(key), 'series once', line)
    this.#series.add(key)
    const takesExemplar = suffix === '_total' || suffix === '_bucket'
    need(exemplar === undefined || takesExemplar, 'exemplars of counters and buckets', line)
    for (const label of ['le', 'quantile']) {
      const bound = labels.get(label)
      need(bound === undefined || BOUND.test(bound), 'canonical bound', line)
    }
    if (suffix === '_total' || suffix === '_bucket') need(toNumber(value) >= 0, 'counts up', line)
    family.samples.push({ name, labels, value: toNumber(value), exemplar })
  }
}

const keyWithout = (labels: ReadonlyMap<string, string>, dropped: string): string =>
  JSON.stringify([...labels].filter(([name]) => name !== dropped).sort())

function checkHistogram({ name, samples }: CheckedFamily): void {
  const counts = new Map<string, number>()
  const bounds = new Map<string, number>()
  for (const { name: sample, labels, value } of samples) {
    const key = keyWithout(labels, 'le')
    if (sample === `${name}_bucket`) {
      const bound = toNumber(labels.get('le') as string)
      need(bound > (bounds.get(key) ?? Number.NEGATIVE_INFINITY), 'bounds rise', key)
      need(value >= (counts.get(key) ?? 0), 'buckets are cumulative', key)
      bounds.set(key, bound)
      counts.set(key, value)
    } else if (sample === `${name}_count`) {
      need(bounds.get(key) === Number.POSITIVE_INFINITY, 'ends with +Inf', key)
      need(counts.get(key) === value, 'count is that of +Inf', key)
    }
  }
}

/** The families of an exposition; throws when it is not strictly OpenMetrics. */
export function checkOpenMetrics(text: string): CheckedFamily[] {
  const lines = text.split('\n')
  need(lines.pop() === '' && lines.pop() === '# EOF', 'ends with # EOF and a line break', '')
  const checker = new Checker()
  for (const line of lines) checker.line(line)
  for (const family of checker.families) if (family.type === 'histogram') checkHistogram(family)
  return checker.families
}
