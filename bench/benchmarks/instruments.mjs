import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { median, pairwise } from '../harness/statistics.mjs'

const FIXTURE = fileURLToPath(new URL('../fixtures/instruments.mjs', import.meta.url))
const OWN = 'threadmeter, in a meter file'
const FLAGS = ['--disallow-code-generation-from-strings']
const TARGETS_NS = {
  'kept child inc()': 10,
  'inc()': 10,
  'inc({ 4 labels })': 120,
  'observe({ 4 labels }, value)': 180,
}

/** The samples of each call in a process with these flags, whose metrics are in files in `directory`. */
function measure({ flags, rounds, directory, progress }) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, THREADMETER_DIR: `${directory}/${flags.length}` }
    const child = fork(FIXTURE, [String(rounds)], { execArgv: flags, env })
    let results
    child.on('message', (message) => {
      if (message.progress === undefined) results = message.results
      else progress(`${message.progress} ${flags.join(' ')}`)
    })
    child.on('exit', (code, signal) => {
      if (results !== undefined) resolve(results)
      else reject(new Error(`the clients' process ended without results (${signal ?? code})`))
    })
  })
}

function tableOf(call, rows, rowsWithout) {
  const own = rows.find(({ name }) => name === OWN)
  return {
    title: call,
    columns: [
      { key: 'time', label: 'median', unit: 'ns' },
      { key: 'ratio', label: 'to threadmeter', unit: 'ratio' },
      { key: 'without', label: 'without code generation', unit: 'ns' },
    ],
    rows: rows.map(({ name, missing, wall }, place) =>
      missing === undefined
        ? {
            name,
            time: median(wall),
            ratio: own.wall && pairwise(wall, own.wall, (a, b) => a / b),
            without: median(rowsWithout[place].wall),
          }
        : { name, missing },
    ),
  }
}

const targetsOf = (results, condition) =>
  Object.entries(TARGETS_NS).flatMap(([call, limit]) => {
    const { wall } = results[call].find(({ name }) => name === OWN)
    if (wall === undefined) return []
    return [{ name: `${call}${condition}`, value: median(wall), limit, unit: 'ns' }]
  })

export default {
  title: 'One call of an instrument',
  async run({ quick, progress }) {
    const directory = mkdtempSync('/dev/shm/threadmeter-bench-')
    const rounds = quick ? 20 : 150
    try {
      const allowed = await measure({ flags: [], rounds, directory, progress })
      const without = await measure({ flags: FLAGS, rounds, directory, progress })
      return {
        text:
          'Time of one call, the loop around it included. 360 series with 4 labels, a new label object ' +
          `for each call. The last column is a process with ${FLAGS[0]}.`,
        tables: Object.keys(allowed).map((call) => tableOf(call, allowed[call], without[call])),
        targets: [...targetsOf(allowed, ''), ...targetsOf(without, ', without code generation')],
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
}
