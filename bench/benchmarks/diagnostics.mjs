import { directory } from '../diagnostics/directory.mjs'
import * as latency from '../diagnostics/latency.mjs'
import { BenchProcess } from '../diagnostics/process.mjs'
import { contestants } from '../diagnostics/profilers.mjs'
import * as requests from '../diagnostics/requests.mjs'
import { columnsOf, measureRest } from '../diagnostics/rest.mjs'
import { Target } from '../diagnostics/target.mjs'
import * as zeroX from '../diagnostics/zero-x.mjs'
import { shuffled } from '../harness/compare.mjs'

const FULL = { rounds: 3, seconds: 1, profileSeconds: 10, plain: 3, restSeconds: 10, restTimes: 3 }
const QUICK = {
  rounds: 1,
  seconds: 0.2,
  profileSeconds: 0.5,
  plain: 0.3,
  restSeconds: 1,
  restTimes: 1,
}

/** What a peer does that fails in the middle is left out from there on, with the reason. */
async function unlessItFails(contestant, measure) {
  if (contestant.missing !== undefined) return
  try {
    await measure()
  } catch (error) {
    contestant.missing = error.message.split('\n')[0]
  }
}

async function startAll(list) {
  for (const contestant of list) {
    await unlessItFails(contestant, async () => {
      contestant.target = new Target(contestant)
      await contestant.target.start()
    })
  }
}

async function measureLatency(list, context, { rounds, seconds }, progress) {
  const tables = []
  for (const state of latency.STATES) {
    const seen = new Map(list.map(({ name }) => [name, []]))
    for (let round = 1; round <= rounds; round++) {
      progress(`${state.title}, round ${round} of ${rounds}`)
      for (const contestant of shuffled(list)) {
        await unlessItFails(contestant, async () => {
          const result = await latency.measureOnce(state, contestant, { ...context, seconds })
          seen.get(contestant.name).push(result)
        })
      }
    }
    const rows = list.map((each) => latency.rowOf(each, seen.get(each.name), seconds))
    tables.push({ title: state.title, columns: latency.COLUMNS, rows })
  }
  return tables
}

async function measureRequests(list, context, progress) {
  const rows = []
  const phases = list.flatMap((contestant) =>
    (contestant.intervals ?? []).map((interval) => ({ contestant, interval })),
  )
  for (const { contestant, interval } of phases) {
    const name = interval ? `${contestant.name}, ${interval} µs` : contestant.name
    progress(`requests: ${name}`)
    const row = { name }
    await unlessItFails(contestant, async () => {
      Object.assign(row, await requests.measureRequests(contestant, interval, context))
    })
    rows.push(requests.rowOf({ ...row, missing: contestant.missing }))
  }
  return rows
}

/** 0x takes part where nobody has to be asked: its one row for each table. */
async function addZeroX(tables, rows, context, progress) {
  progress(zeroX.NAME)
  const result = await zeroX.measureZeroX(context)
  rows.push(requests.rowOf({ ...result, name: '0x' }))
  const { name, missing, begun, there } = result
  tables[0].rows.push(missing === undefined ? { name, begun, there } : { name, missing })
}

async function measure(list, load, options, progress) {
  await startAll(list)
  const [{ target }] = list
  const rate = await requests.chooseRate(target, load)
  progress(`${rate} requests a second`)
  const context = { load, rate, plain: options.plain, seconds: options.profileSeconds }
  const tables = await measureLatency(list, context, options, progress)
  const rows = await measureRequests(list, context, progress)
  await addZeroX(tables, rows, context, progress)
  const title = `requests during a profile of ${options.profileSeconds} s`
  return { rate, tables: [...tables, { title, columns: requests.COLUMNS, rows }] }
}

async function whileLoaded(list, options, progress) {
  const load = new BenchProcess('paced')
  try {
    await load.ready()
    return await measure(list, load, options, progress)
  } finally {
    await Promise.all([load, ...list.map(({ target }) => target)].map((each) => each?.end()))
  }
}

const textOf = (rate, { seconds, profileSeconds, plain, rounds }) =>
  `Medians of ${rounds} rounds, 1 ms between samples, from the asking: to a stack, to the first sample of a ` +
  `profile of ${seconds} s, and to the whole profile, that time taken off. The gap is the longest for which the ` +
  'thread did not get to its own JavaScript: by a timer of 1 ms in the service, by the loop itself in the loop; ' +
  'the first half of the profile has its start, the second its stop and what is done with the result. ' +
  `No answer: none within ${latency.ANSWER_MS / 1000} s beyond that time; –: it has no such thing. What the ` +
  'program starts by itself is told to by a message. 0x starts the program: its first sample is the first request ' +
  `answered, once. Requests come at ${rate} a second whatever became of those before, and take their time from ` +
  `when they were due, ${profileSeconds} s in a row after ${plain} s unprofiled of the same process; CPU is the ` +
  'kernel’s, for each request.'

export default {
  title: 'A profile of a running service',
  async run({ quick, progress }) {
    const options = quick ? QUICK : FULL
    const list = [
      { name: 'no profile', thread: 'main', intervals: [undefined] },
      ...(await contestants()),
    ]
    const { rate, tables } = await whileLoaded(list, options, progress)
    progress(`at rest, ${options.restSeconds} s (${directory})`)
    const rows = await measureRest({ seconds: options.restSeconds, times: options.restTimes })
    const rest = { title: 'at rest', columns: columnsOf(options.restSeconds), rows }
    return { text: textOf(rate, options), tables: [...tables, rest], targets: [] }
  },
}
