import { outOfRange } from '../../errors.js'
import type { TriggerSpec } from './model.js'
import { triggerFromText } from './text.js'

const VARIABLE = 'THREADMETER_WHEN'

const EXPECTED = 'names and values such as blockedFor=5,every=60; triggers separated by semicolons'

function parse(text: string): TriggerSpec {
  const entries = text.split(',').map((part): [string, string] => {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    if (key === '') throw outOfRange(VARIABLE, EXPECTED, text)
    return [key, value]
  })
  return triggerFromText(VARIABLE, entries)
}

/**
 * The triggers that THREADMETER_WHEN asks for, such as
 * `blockedFor=5,every=60;heapAbove=0.9,for=30,heapSnapshot=on`. The names are those of `when()`.
 *
 * @param complain called for each that cannot be used; it counts as one that is not set
 */
export function triggersFromEnvironment(
  complain: (error: Error) => void,
  text: string = process.env[VARIABLE] ?? '',
): TriggerSpec[] {
  const parts = text.split(';').map((part) => part.trim())
  return parts
    .filter((part) => part !== '')
    .flatMap((part) => {
      try {
        return [parse(part)]
      } catch (error) {
        const { message, code } = error as Error & { code?: string }
        const about = new RangeError(`${VARIABLE} (${part}): ${message}`, { cause: error })
        complain(Object.assign(about, { code }))
        return []
      }
    })
}
