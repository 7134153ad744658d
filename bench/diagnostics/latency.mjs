// How soon a profile begins, and for how long the thread stands still for it.
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../harness/statistics.mjs'
import { nowMs } from './clock.mjs'
import { longestGap } from './gap-watch.mjs'
import { within } from './process.mjs'

const SETTLE_MS = 50
const INTERVAL = 1000
const NO_ANSWER = 'no answer'

/** Of the time of one ask: `[asked, there, begun]`, or undefined where nothing came in time. */
async function timed(limitMs, ask) {
  const giveUp = new AbortController()
  const asked = nowMs()
  const answer = ask(giveUp.signal).then((begun) => ({ asked, begun, there: nowMs() }))
  answer.catch(() => undefined)
  const result = await within(limitMs, answer)
  if (result === undefined) giveUp.abort()
  return { result, settled: answer.catch(() => undefined) }
}

/** The service goes on answering requests; its gaps are seen by a timer. */
async function loaded(target, { load, rate }) {
  await load.ask({ bench: 'start', port: target.port, rate })
  await target.ask({ bench: 'watch' })
  return async () => {
    const gaps = await target.ask({ bench: 'gaps' })
    await load.ask({ bench: 'stop' })
    return gaps
  }
}

const blocked = (target) => target.block()

export const STATES = [
  { title: 'a service under load', enter: loaded },
  { title: 'a thread in a loop without end', enter: blocked },
]

/** One profile, and one stack where there is such a thing, of a target that is in the state. */
async function once({ enter }, { profile, stack, target }, context) {
  const { seconds, answerMs } = context
  const leave = await enter(target, context)
  await sleep(SETTLE_MS)
  const one = await timed(seconds * 1000 + answerMs, (signal) =>
    profile(target, { seconds, interval: INTERVAL, signal }),
  )
  await sleep(SETTLE_MS)
  const two = stack && (await timed(answerMs, (signal) => stack(target, { signal })))
  const gaps = await leave()
  // What did not come in time comes now.
  await Promise.all([one.settled, two?.settled])
  return { profile: one.result, stack: two?.result, gaps }
}

/** The same time without a profile: what the state and the machine do by themselves. */
async function nothing({ enter }, { target }, context) {
  const leave = await enter(target, context)
  await sleep(SETTLE_MS)
  const asked = nowMs()
  await sleep(context.seconds * 1000)
  const there = nowMs()
  return { quiet: true, profile: { asked, there }, gaps: await leave() }
}

export const measureOnce = (state, contestant, context) =>
  (contestant.profile ? once : nothing)(state, contestant, context)

const ns = (ms) => ms * 1e6

/** The median over the rounds; what did not come counts as later than all else. */
function over(rounds, value, none) {
  const middle = median(rounds.map(value).map((ms) => (Number.isFinite(ms) ? ms : Infinity)))
  return Number.isFinite(middle) ? ns(middle) : none
}

/** Half of the window lies between the two. */
const middle = ({ begun, asked, there }) =>
  (Number.isFinite(begun) ? begun + there : asked + there) / 2

export function rowOf({ name, missing, profile, stack }, rounds, seconds) {
  if (missing !== undefined) return { name, missing }
  const gapOf = (end) => (round) => {
    if (round.profile === undefined) return undefined
    const { asked, there } = round.profile
    const between = middle(round.profile)
    return end === 'start'
      ? longestGap(round.gaps, asked, between)
      : longestGap(round.gaps, between, there)
  }
  const pauses = { start: over(rounds, gapOf('start')), stop: over(rounds, gapOf('stop')) }
  if (!profile) return { name, ...pauses }
  return {
    name,
    begun: over(rounds, ({ profile: p }) => p && p.begun - p.asked, NO_ANSWER),
    there: over(rounds, ({ profile: p }) => p && p.there - p.asked - seconds * 1000, NO_ANSWER),
    stack: stack ? over(rounds, ({ stack: s }) => s && s.there - s.asked, NO_ANSWER) : undefined,
    ...pauses,
  }
}

export const COLUMNS = [
  { key: 'stack', label: 'a stack', unit: 'ns' },
  { key: 'begun', label: 'first sample', unit: 'ns' },
  { key: 'there', label: 'profile there, beyond its second', unit: 'ns' },
  { key: 'start', label: 'longest gap, first half', unit: 'ns' },
  { key: 'stop', label: 'second half', unit: 'ns' },
]
