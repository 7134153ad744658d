import { resolve } from 'node:path'
import { messageOf } from '../../capability.js'
import { DirectoryError, makePrivate } from '../../meter/private-directory.js'
import { native, nativeError } from '../../native.js'
import { Collection } from '../../observer/collection.js'
import { checkOptions } from '../../observer/options.js'
import { serve as listen, type ObserverServer, type ServerOptions } from '../../observer/server.js'
import { Tallies } from '../../observer/tallies.js'
import { type CommandInput, Failure, numberOption, UsageError } from '../command.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const LAST_PORT = 65_535

const textOf = ({ options }: CommandInput, name: string): string | undefined => {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** Where to listen: what the command line says, else the environment, else as `observe()` does. */
function serverOptions(input: CommandInput): ServerOptions {
  const host = textOf(input, 'host')
  const port = numberOption(input, 'port', Number.NaN, { least: 0, most: LAST_PORT, integer: true })
  try {
    const { server } = checkOptions({
      server: true,
      ...(!Number.isNaN(port) && { port }),
      ...(host !== undefined && { host }),
    })
    return server as ServerOptions
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error })
  }
}

function directoryOption(input: CommandInput): string {
  const directory = textOf(input, 'dir') ?? process.env.THREADMETER_DIR ?? ''
  if (directory === '') {
    throw new UsageError('--dir is needed: the THREADMETER_DIR of the service to observe')
  }
  return resolve(directory)
}

/** The service may start after its observer. */
function makeDirectory(directory: string): void {
  if (native === undefined) {
    throw new Failure(`the addon could not be loaded: ${messageOf(nativeError)}`)
  }
  try {
    makePrivate(directory)
  } catch (error) {
    if (error instanceof DirectoryError || (error as NodeJS.ErrnoException).syscall !== undefined) {
      throw new Failure(messageOf(error), { cause: error })
    }
    throw error
  }
}

async function start(collection: Collection, options: ServerOptions): Promise<ObserverServer> {
  try {
    return await listen(collection, options)
  } catch (error) {
    throw new Failure(messageOf(error), { cause: error })
  }
}

const untilStopped = (): Promise<void> =>
  new Promise((stop) => {
    for (const name of SIGNALS) process.once(name, () => stop())
  })

/** Resolves with the exit code. */
export async function runServe(input: CommandInput): Promise<number> {
  const options = serverOptions(input)
  const directory = directoryOption(input)
  makeDirectory(directory)
  const stopped = untilStopped()
  const collection = new Collection(directory, new Tallies())
  collection.begin()
  let server: ObserverServer | undefined
  try {
    server = await start(collection, options)
    process.stdout.write(`threadmeter: ${directory} at ${server.url}/metrics\n`)
    await stopped
  } finally {
    server?.close()
    collection.close()
  }
  return 0
}
