import { readExemplar } from '../meter/exemplar-slots.js'
import type { Slots } from '../meter/model.js'
import { formatNumber } from './format.js'

/** What follows the value of the sample that an exemplar belongs to; '' when it has none. */
export function exemplarText(exemplars: Slots, place: number): string {
  const exemplar = readExemplar(exemplars, place)
  if (exemplar === undefined) return ''
  const { labels, value, timestamp } = exemplar
  return ` # {${labels}} ${formatNumber(value)} ${formatNumber(timestamp)}`
}
