const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 9229

/** Where Node opens its debugging port at SIGUSR1. */
export interface DefaultPort {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Whether the process was started with the port open. */
  readonly isOpenFromStart: boolean
}

const OPTION = /^--(inspect|inspect-brk|inspect-wait|inspect-port|debug-port)(?:=(.*))?$/

const TAKES_NEXT = new Set(['inspect-port', 'debug-port'])

/** `host:port`, `host` or `port`. */
function placeOf(text: string): { host?: string; port?: number } {
  const [, host = '', port] = /^(?:(.*):)?(\d+)$/.exec(text) ?? [undefined, text, undefined]
  return { ...(host !== '' && { host }), ...(port !== undefined && { port: Number(port) }) }
}

/** As the options of the process say. */
export function defaultPortOf(options: readonly string[]): DefaultPort {
  let place = { host: DEFAULT_HOST, port: DEFAULT_PORT }
  let isOpenFromStart = false
  for (const [at, option] of options.entries()) {
    const [, name, value] = OPTION.exec(option) ?? []
    if (name === undefined) continue
    if (!TAKES_NEXT.has(name)) isOpenFromStart = true
    const text = value ?? (TAKES_NEXT.has(name) ? options[at + 1] : undefined)
    if (text !== undefined) place = { ...place, ...placeOf(text) }
  }
  return { ...place, isOpenFromStart }
}
