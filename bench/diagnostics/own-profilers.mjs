// Profilers that are started by the program itself, on the thread that gets the message: the canonical
// use of each, with the profile in a file at the end. `begin` resolves once it samples.
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { requirePeer } from './peer.mjs'

async function inspector({ interval }) {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval })
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return JSON.stringify(profile)
  }
}

async function datadog({ interval, seconds }) {
  const { time, encode } = requirePeer('@datadog/pprof')
  time.start({ intervalMicros: interval, durationMillis: seconds * 1000 })
  return () => encode(time.stop())
}

/** Node 22 wants a name, 24 takes nothing, 26 options. */
async function startWorkerProfile(worker, options) {
  try {
    return await worker.startCpuProfile(options)
  } catch (error) {
    if (error.code !== 'ERR_INVALID_ARG_TYPE') throw error
    return await worker.startCpuProfile('bench')
  }
}

async function worker({ interval }, thread) {
  const handle = await startWorkerProfile(thread, { sampleInterval: interval / 1000 })
  return () => handle.stop()
}

const BEGIN = { inspector, datadog, worker }

/** Resolves with when it began, as far as the program sees it, once the profile is in the file. */
export async function profileHere({ profiler, seconds, interval, file }, thread) {
  const end = await BEGIN[profiler]({ interval, seconds }, thread)
  const begun = Number(process.hrtime.bigint()) / 1e6
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  await writeFile(file, await end())
  return begun
}
