const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /\w+="(?:[^"\\]|\\.)*"/g

/** The samples of an exposition by name and labels, the labels in the order of their names. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, labels, value] = SAMPLE.exec(line) ?? []
    if (name === undefined) continue
    const sorted = labels?.match(LABEL)?.sort().join(',')
    const key = sorted === undefined ? name : `${name}{${sorted}}`
    if (samples.has(key)) throw new Error(`shown twice: ${key}`)
    samples.set(key, Number((value as string).replace('Inf', 'Infinity')))
  }
  return samples
}
