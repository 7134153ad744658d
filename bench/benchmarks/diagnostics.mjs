import * as latency from '../diagnostics/latency.mjs'
import { BenchProcess } from '../diagnostics/process.mjs'
import { contestants } from '../diagnostics/profilers.mjs'
import * as requests from '../diagnostics/requests.mjs'
import { columnsOf, measureRest } from '../diagnostics/rest.mjs'
import { Target } from '../diagnostics/target.mjs'
import * as zeroX from '../diagnostics/zero-x.mjs'
import { shuffled } from '../harness/compare.mjs'

const FULL = {
  rounds: 3,
  seconds: 1,
  answerMs: 3000,
  calibrateMs: 1000,
  intervals: [undefined, 1000, 100],
  profileSeconds: 10,
  plainSeconds: 2,
  rest: { seconds: 10, settleMs: 2000, times: 3 },
}
const QUICK = {
  rounds: 1,
  seconds: 0.2,
  answerMs: 2000,
  calibrateMs: 200,
  intervals: [undefined, 1000],
  profileSeconds: 0.3,
  plainSeconds: 0.2,
  rest: { seconds: 0.5, settleMs: 200, times: 1 },
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

const start = (contestant) =>
  unlessItFails(contestant, async () => {
    contestant.target = new Target(contestant)
    await contestant.target.start()
  })

const answered = ({ profile }) => profile !== undefined

async function measureState(state, list, context, progress) {
  const { rounds, seconds } = context
  const seen = new Map(list.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    progress(`${state.title}, round ${round} of ${rounds}`)
    // Whoever does not answer once need not be waited for again.
    for (const contestant of shuffled(list.filter(({ name }) => seen.get(name).every(answered)))) {
      await unlessItFails(contestant, async () => {
        seen.get(contestant.name).push(await latency.measureOnce(state, contestant, context))
      })
    }
  }
  const rows = list.map((each) => latency.rowOf(each, seen.get(each.name), seconds))
  return { title: state.title, columns: latency.COLUMNS, rows }
}

async function measureRequests(list, context, progress) {
  const rows = []
  const phases = list.flatMap((contestant) =>
    (contestant.intervals ?? [])
      .filter((interval) => context.intervals.includes(interval))
      .map((interval) => ({ contestant, interval })),
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
  await Promise.all(list.map(start))
  const rate = await requests.chooseRate(list[0].target, { load, ...options })
  progress(`${rate} requests a second`)
  const context = { load, rate, ...options }
  const tables = []
  for (const state of latency.STATES) {
    tables.push(await measureState(state, list, context, progress))
  }
  const rows = await measureRequests(list, context, progress)
  await addZeroX(tables, rows, context, progress)
  const title = `requests, a profile of ${options.profileSeconds} s`
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

const textOf = (rate, { rounds, seconds, answerMs, profileSeconds, plainSeconds }) =>
  `From the asking to a stack, to the first sample of a profile of ${seconds} s (1 ms between samples), and ` +
  'to the whole profile, those seconds taken off; and the longest gap for which the thread did not get to its ' +
  `own JavaScript: medians of ${rounds} rounds. No answer: none within ${answerMs / 1000} s beyond those ` +
  'seconds; –: there is no such thing. "In it": started by the program itself, which is told to by a message. ' +
  `0x starts the program: its first sample is the first request answered, once. Requests come at ${rate} a ` +
  `second, for ${plainSeconds} s unprofiled, then from the asking for a profile of ${profileSeconds} s until it ` +
  'is there; CPU is for each request, by the kernel’s clock.'

export default {
  title: 'A profile of a running service',
  async run({ quick, progress }) {
    const options = quick ? QUICK : FULL
    const list = [
      { name: 'no profile', thread: 'main', intervals: [undefined] },
      ...(await contestants()),
    ]
    const { rate, tables } = await whileLoaded(list, options, progress)
    progress(`at rest for ${options.rest.seconds} s`)
    const rows = await measureRest(options.rest)
    const rest = { title: 'at rest', columns: columnsOf(options.rest.seconds), rows }
    return { text: textOf(rate, options), tables: [...tables, rest], targets: [] }
  },
}
