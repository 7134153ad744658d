import type { Slots } from '../meter/model.js'

/** What follows the value of the sample that an exemplar belongs to; '' when it has none. */
export const exemplarText = (_exemplars: Slots, _place: number): string => ''
