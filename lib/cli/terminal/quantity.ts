const KIB = 1024
const UNITS = ['KiB', 'MiB', 'GiB'] as const
const MS = 1000
const MINUTE = 60
const HOUR = 3600

/** `512 B`, `3.4 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`
  let value = bytes / KIB
  let unit = 0
  while (value >= KIB && unit < UNITS.length - 1) {
    value /= KIB
    unit++
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`
}

/** `40 ms`, `1.4 s`, `12 s`, `3 min 5 s`, `2 h 7 min`. */
export function secondsText(seconds: number): string {
  if (seconds < 0.995) return `${Math.round(seconds * MS)} ms`
  if (seconds < MINUTE) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const [large, small, units] =
    seconds < HOUR ? [MINUTE, 1, ['min', 's']] : [HOUR, MINUTE, ['h', 'min']]
  const whole = Math.floor(seconds / (large as number))
  const rest = Math.floor((seconds % (large as number)) / (small as number))
  return `${whole} ${units[0]} ${rest} ${units[1]}`
}

/** A share of 1 in percent: `97 %`, `0.4 %`. */
export function percentText(share: number): string {
  const percent = share * 100
  return `${percent >= 10 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`
}
