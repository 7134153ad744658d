import { formatNumber } from './format.js'

/** Room for any number as text. */
export const MOST_DIGITS = 32

const ZERO = 48

/** Writes a number as both formats want it; returns where it ends. */
export function writeNumber(value: number, into: Uint8Array, at: number): number {
  return value >= 0 && value === (value | 0)
    ? writeInteger(value | 0, into, at)
    : writeAscii(formatNumber(value), into, at)
}

/** What most values are, without a string in between. */
function writeInteger(value: number, into: Uint8Array, at: number): number {
  let end = at + 1
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++
  let rest = value
  for (let place = end - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0
    into[place] = ZERO + rest - tenth * 10
    rest = tenth
  }
  return end
}

function writeAscii(text: string, into: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i)
  return at + text.length
}
