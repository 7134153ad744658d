import type { Capability } from './capability.js'
import { type CpuCapabilities, capabilities as cpuCapabilities } from './cpu/capabilities.js'
import { diagnostics } from './diagnostics/status.js'
import { meterFiles } from './meter/status.js'

/** What {@link capabilities} returns. */
export interface Capabilities extends CpuCapabilities {
  /**
   * Meter files: whether this thread keeps its metrics where an observer of the service reads them. It
   * does once `observe()` was called or `THREADMETER_DIR` is set, and metrics were made or
   * `threadmeter/register` was imported.
   */
  readonly meterFiles: Capability
  /**
   * Captures of this process's threads, with the path of the socket as their source. They can be had once
   * `threadmeter/register` was imported or `enableDiagnostics()` was called in the main thread.
   */
  readonly diagnostics: Capability
}

/**
 * What can be read on this host, and for what cannot be read the reason. Never throws.
 *
 * Cost: 2 to 20 µs (it opens one file of /proc); meant for start-up and for bug reports.
 *
 * @example
 * ```js
 * import { capabilities } from 'threadmeter'
 *
 * const { allThreads } = capabilities()
 * if (!allThreads.available) console.warn(`no helper threads: ${allThreads.reason}`)
 * ```
 */
export function capabilities(): Capabilities {
  return { ...cpuCapabilities(), meterFiles: meterFiles(), diagnostics: diagnostics() }
}
