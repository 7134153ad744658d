import { outOfRange } from '../errors.js'

/** What the environment tells the observers of a service; undefined where it says nothing. */
export interface Environment {
  readonly port: number | undefined
  readonly host: string | undefined
  readonly serve: boolean | undefined
  readonly openMetrics: boolean | undefined
}

const LAST_PORT = 65_535

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['1', true],
  ['true', true],
  ['off', false],
  ['0', false],
  ['false', false],
])

type Complain = (error: Error) => void

function read<T>(
  name: string,
  expected: string,
  parse: (text: string) => T | undefined,
  complain: Complain,
): T | undefined {
  const text = process.env[name] ?? ''
  if (text === '') return undefined
  const value = parse(text)
  if (value === undefined) complain(outOfRange(name, expected, text))
  return value
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port <= LAST_PORT ? port : undefined
}

const SWITCH = 'on or off'

const parseSwitch = (text: string): boolean | undefined => SWITCHES.get(text.toLowerCase())

/**
 * The variables that observers look at.
 *
 * @param complain called for each that cannot be used; it counts as one that is not set
 */
export function readEnvironment(complain: Complain): Environment {
  return {
    port: read('THREADMETER_PORT', `an integer from 0 to ${LAST_PORT}`, parsePort, complain),
    host: read('THREADMETER_HOST', 'an address', (text) => text, complain),
    serve: read('THREADMETER_SERVE', SWITCH, parseSwitch, complain),
    openMetrics: read('THREADMETER_OPENMETRICS', SWITCH, parseSwitch, complain),
  }
}

/** A variable that is on or off; `complain` as for {@link readEnvironment}. */
export const readSwitch = (name: string, complain: Complain): boolean | undefined =>
  read(name, SWITCH, parseSwitch, complain)

/** Throws what cannot be used. */
export function throwComplaint(error: Error): never {
  throw error
}
