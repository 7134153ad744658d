import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ThreadmeterError } from '../../errors.js'
import type { StackTree } from '../formats/stack-tree.js'
import { type NameThread, PerfTree } from './perf-tree.js'
import { readScript, record } from './run-perf.js'
import { PerfScriptParser } from './script-parser.js'

const MICROS = 1e6

export interface NativeProfileOptions {
  readonly seconds: number
  /** Samples a second of each thread that runs. */
  readonly hertz: number
  /** Ends it early: what there is is kept. */
  readonly signal: AbortSignal
  readonly nameThread: NameThread
}

/** Whether V8 writes down the names of its functions for perf: it does from its start, or never. */
export function namesJavaScript(pid: number): boolean {
  try {
    const inner = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    const options = ['cmdline', 'environ'].map((file) =>
      readFileSync(`/proc/${pid}/${file}`, 'latin1'),
    )
    if (!/--perf[-_](?:basic[-_])?prof/.test(options.join('\0'))) return false
    return statSync(join('/proc', String(pid), 'root', 'tmp', `perf-${inner ?? pid}.map`)).isFile()
  } catch {
    return false
  }
}

/**
 * The stacks of all threads of a process while they ran on a processor, by perf: with those of the kernel, of
 * C++ and of threads that run no JavaScript. Throws ERR_THREADMETER_PERF_UNAVAILABLE.
 */
export async function nativeProfile(
  pid: number,
  { seconds, hertz, signal, nameThread }: NativeProfileOptions,
): Promise<StackTree> {
  const directory = mkdtempSync(join(tmpdir(), 'threadmeter-perf-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const path = join(directory, 'perf.data')
    await record({ pid, seconds, hertz, path }, signal)
    const tree = new PerfTree(MICROS / hertz, nameThread)
    let count = 0
    const parser = new PerfScriptParser((sample) => {
      count++
      tree.add(sample)
    })
    await readScript(path, (line) => parser.line(line))
    parser.end()
    if (count === 0 && parser.skipped > 0) {
      const reason = 'perf script prints what cannot be read'
      throw new ThreadmeterError('ERR_THREADMETER_PERF_UNAVAILABLE', [reason])
    }
    return tree.build()
  } finally {
    process.off('exit', remove)
    remove()
  }
}
