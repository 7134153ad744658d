import type { PageData } from './data.js'

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

const shortened = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? `${value} B` : `${shortened(value)} ${BYTE_UNITS[unit]}`
}

function timeText(micros: number): string {
  if (micros >= 1_000_000) return `${shortened(micros / 1_000_000)} s`
  if (micros === 0) return '0 ms'
  return micros >= 1000 ? `${shortened(micros / 1000)} ms` : `${Math.round(micros)} µs`
}

/** A weight, in the unit that is read best. */
export const weightText = (unit: PageData['unit'], weight: number): string =>
  unit === 'bytes' ? bytesText(weight) : timeText(weight)

/** A share of 1 in percent; what is there is never shown as 0. */
export function percentText(share: number): string {
  if (!(share > 0)) return '0 %'
  if (share < 0.001) return '<0.1 %'
  return `${(share * 100).toFixed(1)} %`
}

/** One of many, in words. */
export const countText = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
