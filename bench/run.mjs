import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { markdownOf, textOf } from './harness/format.mjs'
import { describeMachine, machineLine } from './harness/machine.mjs'
import { prepare } from './harness/peers.mjs'

const BENCHMARKS = {
  'own-thread': 'one reading of the calling thread',
  'all-threads': 'one look at 8, 64 and 256 workers',
  polling: 'what polling 64 workers costs',
  error: 'how wrong each method is for short tasks',
  instruments: 'one call of an instrument',
  exporter: 'one scrape of the Prometheus exporter',
  scrape: 'one scrape of a service of 4 and 8 workers',
  diagnostics: 'a profile of a running service, and what the helper costs',
}

const HELP = `Usage: npm run bench -- [options]

Each benchmark runs beside its peers in one process, in interleaved rounds; the figures are medians,
the ratios medians of the ratios of each round. About 15 minutes; compare ratios, not nanoseconds.

  --only <name>   only this benchmark; may be repeated
  --quick         fewer and shorter rounds (about a minute): a smoke test, not a measurement
  --json          the raw results on stdout
  --markdown      the tables as they stand in docs/performance.md
  --help          this text

Benchmarks:
${Object.entries(BENCHMARKS)
  .map(([name, text]) => `  ${name.padEnd(14)}  ${text}`)
  .join('\n')}`

const LIMIT_MS = 420_000

// stdout is for results alone.
const say = (text) => process.stderr.write(`${text}\n`)

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  for (const name of values.only ?? []) {
    if (!(name in BENCHMARKS)) throw new Error(`no benchmark named ${name}`)
  }
  return values
}

function run(name, quick) {
  return new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL('harness/child.mjs', import.meta.url))
    const child = fork(file, [name, quick ? 'quick' : 'full'], { execArgv: [] })
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    let result
    child.on('message', (message) => {
      if (message.progress !== undefined) say(`  ${name}: ${message.progress}`)
      else result = message.result
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (result !== undefined) resolve(result)
      else reject(new Error(`${name} ended without a result (${signal ?? code})`))
    })
  })
}

function print(machine, results, { json, markdown }) {
  if (json) return console.log(JSON.stringify({ machine, results }, null, 2))
  if (markdown) console.log(`${machineLine(machine)} (${machine.date})\n`)
  console.log(results.map(markdown ? markdownOf : textOf).join('\n\n'))
}

async function main() {
  const wanted = options()
  if (wanted.help) return console.log(HELP)
  const machine = describeMachine()
  say(machineLine(machine))
  prepare(say)
  const results = []
  for (const name of wanted.only ?? Object.keys(BENCHMARKS)) {
    say(`${name}: ${BENCHMARKS[name]}`)
    results.push(await run(name, wanted.quick))
  }
  print(machine, results, wanted)
}

main().catch((error) => {
  say(error.message)
  process.exitCode = 1
})
