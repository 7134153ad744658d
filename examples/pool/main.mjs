// A small HTTP service with a worker pool, under load, and all of its threads, live in the terminal.
import { capabilities } from 'threadmeter'
import { HELP, parseOptions, UsageError } from './options.mjs'
import { show } from './show.mjs'

// The reader of a pipe may leave before the end (| head), a terminal may be closed: nobody is left to tell.
const NOBODY_READS = ['EPIPE', 'EIO']
process.stdout.on('error', (error) => {
  if (!NOBODY_READS.includes(error.code)) throw error
  process.exit()
})

function fail(reason, code) {
  console.error(reason)
  // Workers may be running still.
  process.exit(code)
}

try {
  const options = parseOptions(process.argv.slice(2))
  const { addon } = capabilities()
  if (options.help) console.log(HELP)
  else if (addon.available) await show(options)
  else fail(`threadmeter cannot read threads here: ${addon.reason}`, 1)
} catch (error) {
  if (error instanceof UsageError) fail(`${error.message}\nTry --help`, 2)
  // A port that is taken, or not allowed, needs no stack.
  fail(error.syscall === 'listen' ? error.message : error, 1)
}
