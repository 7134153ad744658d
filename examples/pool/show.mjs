// The run: starts service, workers and load, looks once a second, and ends in good order.
import { setTimeout as delay } from 'node:timers/promises'
import { startCast } from './cast.mjs'
import { createModel } from './model.mjs'
import { openOutput } from './output.mjs'
import { createStory } from './phases.mjs'
import { startService } from './service.mjs'
import { summary } from './summary.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const MS = 1000
// Something to see soon: the first view does not wait for a whole period.
const FIRST_LOOK = 0.4

/** Plays one phase after another until the time is over or `signal` says so. */
async function play({ story, options, cast, model, output, signal }) {
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / MS
  const shown = new Set()
  const firstLook = Math.min(output.period, FIRST_LOOK)
  let current = -1

  for (let look = 1; !signal.aborted; look++) {
    const index = story.at(elapsed())
    const phase = story.phases[index]
    if (index !== current) {
      current = index
      cast.setLoad(phase.load.clients, phase.load.pause)
      cast.setCrowd(phase.crowd)
    }
    const end = options.seconds === 0 ? Number.POSITIVE_INFINITY : options.seconds
    const next = Math.min((look - 1) * output.period + firstLook, end)
    await delay(Math.max(next - elapsed(), 0) * MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    output.show({
      ...model.look(),
      title: 'every thread of this process, from outside',
      elapsed: elapsed(),
      remaining: options.seconds === 0 ? null : Math.max(Math.round(end - elapsed()), 0),
      phase: {
        ...phase,
        index,
        texts: story.phases.map(({ text }) => text),
        isNew: !shown.has(index),
      },
    })
    shown.add(index)
    if (elapsed() >= end) return
  }
}

/** Shows it all. Resolves when everything has ended and the terminal is as it was. */
export async function show(options) {
  const stop = new AbortController()
  let failure
  const fail = (error) => {
    failure ??= error
    stop.abort()
  }
  // Once: who asks again while it is ending ends it at once.
  for (const name of SIGNALS) process.once(name, () => stop.abort())

  const service = await startService(options.port)
  const cast = startCast({ url: service.url, onError: fail })
  let output
  let told = []
  try {
    const model = createModel(service)
    await cast.ready
    output = openOutput({ options, onStop: () => stop.abort() })
    await play({
      story: createStory({ seconds: options.seconds, only: options.phase }),
      options,
      cast,
      model,
      output,
      signal: stop.signal,
    })
    if (failure === undefined) told = await summary(service, options)
  } finally {
    output?.close()
    // First the terminal, then the workers: the one in execSync takes its time to end.
    for (const line of told) console.log(line)
    await Promise.allSettled([cast.close(), service.close()])
  }
  if (failure) throw failure
}
