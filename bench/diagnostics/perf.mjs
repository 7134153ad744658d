import { rm } from 'node:fs/promises'
import { run } from './command.mjs'
import { newFile } from './directory.mjs'

const record = (pid, { seconds, interval, signal }, file) =>
  run(
    'perf',
    [
      ...['record', '-q', '-g', '-k', 'CLOCK_MONOTONIC', '-F', `${Math.round(1e6 / interval)}`],
      ...['-o', file, '-p', `${pid}`, '--', 'sleep', `${seconds}`],
    ],
    { signal },
  )

/** `[1]` is the time of a sample in seconds. */
const HEADER = /^.*?\s(\d+\.\d+):/m

/** Records, and turns the record into the text that flame graphs are made of. */
export async function profileByPerf({ pid }, options) {
  const file = newFile('perf.data')
  try {
    await record(pid, options, file)
    // Without inlined functions of C++, whose names take it most of its time.
    const text = await run('perf', ['script', '--ns', '--no-inline', '-i', file], options)
    return Number(HEADER.exec(text)?.[1]) * 1e3
  } finally {
    await rm(file, { force: true })
  }
}

/** Why perf cannot be used here, or undefined. */
export async function whyNoPerf() {
  const file = newFile('perf.data')
  try {
    await record(process.pid, { seconds: 0.05, interval: 1000 }, file)
    return undefined
  } catch (error) {
    return error.message
  } finally {
    await rm(file, { force: true })
  }
}
