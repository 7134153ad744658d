import { invalidArgType, outOfRange } from '../errors.js'
import { readEnvironment, throwComplaint } from './environment.js'
import type { ServerOptions } from './server.js'

/** What {@link observe} can be told. */
export interface ObserveOptions {
  /**
   * The TCP port of the observer's server; 0 for any that is free. Default `THREADMETER_PORT`, else 9464,
   * the port of OpenTelemetry's exporter for Prometheus.
   */
  port?: number
  /** The address to listen on. Default `THREADMETER_HOST`, else 127.0.0.1: nobody else can connect. */
  host?: string
  /** False for no server: `metrics()` and `threads()` alone. Default true. */
  server?: boolean
  /**
   * The runtime directory that the processes of a service share. Default `THREADMETER_DIR`, else one for
   * this process and its children.
   */
  dir?: string
  /** Whether clients that ask for OpenMetrics get it. Default `THREADMETER_OPENMETRICS`, else true. */
  openMetrics?: boolean
}

/** The options, checked and complete. */
export interface CheckedOptions {
  readonly directory: string | undefined
  readonly server: ServerOptions | undefined
  readonly openMetrics: boolean
}

export const DEFAULT_PORT = 9464
export const DEFAULT_HOST = '127.0.0.1'
const LAST_PORT = 65_535

function portOption(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 0 || value > LAST_PORT) {
    throw outOfRange(name, `an integer from 0 to ${LAST_PORT}`, value)
  }
  return value
}

function textOption(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidArgType(name, 'a string', value)
  if (value === '' || value.includes('\0')) throw outOfRange(name, 'a string with a meaning', value)
  return value
}

function booleanOption(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'a boolean', value)
  return value
}

/** @throws {TypeError|RangeError} for an option of the wrong type or out of its range */
export function checkOptions(options: unknown = {}): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType('options', 'an object', options)
  }
  const { port, host, server = true, dir, openMetrics } = options as ObserveOptions
  const environment = readEnvironment(throwComplaint)
  const offered =
    openMetrics === undefined
      ? (environment.openMetrics ?? true)
      : booleanOption('options.openMetrics', openMetrics)
  const where = {
    port:
      port === undefined ? (environment.port ?? DEFAULT_PORT) : portOption('options.port', port),
    host:
      host === undefined ? (environment.host ?? DEFAULT_HOST) : textOption('options.host', host),
    openMetrics: offered,
  }
  return {
    directory: dir === undefined ? undefined : textOption('options.dir', dir),
    server: booleanOption('options.server', server) ? where : undefined,
    openMetrics: offered,
  }
}
