/**
 * Preload it, and every thread reports and an observer serves, without a change of the program:
 * `node --import threadmeter/register app.js`. See docs/observer.md for the variables that it looks at.
 *
 * Nothing here may fail the program that it is loaded into.
 */
import { basename } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { messageOf } from '../capability.js'
import { makeInterruptible } from '../diagnostics/channel/interruptible.js'
import { hostDiagnostics } from '../diagnostics/helper/host.js'
import { joinDirectory } from '../meter/directory.js'
import { readEnvironment, readSwitch } from '../observer/environment.js'
import { DEFAULT_HOST, DEFAULT_PORT } from '../observer/options.js'
import { reportThread } from '../runtime/report-thread.js'
import { Duty } from './duty.js'

// Programs that start the service, and are given its NODE_OPTIONS.
const STARTERS = new Set([
  'npm',
  'npm-cli',
  'npx',
  'npx-cli',
  'pnpm',
  'pnpx',
  'yarn',
  'yarnpkg',
  'corepack',
])

const isStarter = (): boolean =>
  STARTERS.has(basename(process.argv[1] ?? '').replace(/\.[cm]?js$/, ''))

let hasWarned = false

/** Once: what goes on being wrong is told by `capabilities()` and the metrics. */
function warn(error: unknown): void {
  if (hasWarned) return
  hasWarned = true
  const cause = error instanceof Error ? error.cause : undefined
  const message = messageOf(error)
  // Nobody who reads a warning has the cause at hand.
  process.emitWarning(
    cause === undefined ? message : message.replace('see cause', messageOf(cause)),
    {
      type: 'ThreadmeterWarning',
      code: (error as { code?: string }).code ?? 'ERR_THREADMETER_REGISTER',
    },
  )
}

function register(): void {
  const directory = joinDirectory()
  reportThread()
  const isDiagnosed = readSwitch('THREADMETER_DIAGNOSTICS', warn) ?? true
  if (isDiagnosed) makeInterruptible()
  if (!isMainThread) return
  if (!directory.available)
    warn(new Error(`threads keep their metrics to themselves: ${directory.reason}`))
  const {
    port = DEFAULT_PORT,
    host = DEFAULT_HOST,
    serve,
    openMetrics = true,
  } = readEnvironment(warn)
  const path = directory.available ? directory.path : undefined
  const helper = isDiagnosed ? hostDiagnostics() : undefined
  if (serve === false) helper?.leave()
  else new Duty(path, { port, host, openMetrics }, warn, helper).consider()
}

try {
  if (!isStarter()) register()
} catch (error) {
  warn(error)
}
