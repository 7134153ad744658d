import { invalidArgType, outOfRange } from '../errors.js'

function requireCount(count: number): void {
  if (typeof count !== 'number') throw invalidArgType('count', 'a number', count)
  if (!(count >= 1 && Number.isSafeInteger(count))) {
    throw outOfRange('count', 'a whole number of at least 1', count)
  }
}

/**
 * Bounds of histogram buckets at equal distances.
 *
 * @param start the first bound
 * @param width the distance from one to the next
 * @param count how many
 * @throws `RangeError` `ERR_THREADMETER_OUT_OF_RANGE`: a count that is not a whole number of at least 1
 *
 * @example
 * ```js
 * import { Histogram, linearBuckets } from 'threadmeter/metrics'
 *
 * const size = new Histogram({
 *   name: 'queue_size',
 *   help: 'Jobs that waited when one more came.',
 *   buckets: linearBuckets(0, 10, 20),
 * })
 * size.observe(17)
 * ```
 */
export function linearBuckets(start: number, width: number, count: number): number[] {
  requireCount(count)
  return Array.from({ length: count }, (_, index) => start + index * width)
}

/**
 * Bounds of histogram buckets of which each is the one before times a factor.
 *
 * @param start the first bound, above 0
 * @param factor above 1
 * @param count how many
 * @throws `RangeError` `ERR_THREADMETER_OUT_OF_RANGE`: a start, factor or count out of its range
 *
 * @example
 * ```js
 * import { exponentialBuckets, Histogram } from 'threadmeter/metrics'
 *
 * const size = new Histogram({
 *   name: 'response_size_bytes',
 *   help: 'Sizes of responses.',
 *   buckets: exponentialBuckets(256, 4, 8),
 * })
 * size.observe(1500)
 * ```
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  if (!(start > 0)) throw outOfRange('start', 'a number above 0', start)
  requireCount(count)
  if (!(factor > 1)) throw outOfRange('factor', 'a number above 1', factor)
  const bounds: number[] = []
  for (let bound = start; bounds.length < count; bound *= factor) bounds.push(bound)
  return bounds
}
