// A small HTTP service with a worker pool, under load, and all of its threads, live in the terminal.
import { ThreadmeterError } from 'threadmeter'
import { HELP, parseOptions, UsageError } from './options.mjs'
import { show } from './show.mjs'

const EXIT_USAGE = 2

// The reader of a pipe may leave before the end (| head), a terminal may be closed: nobody is left to tell.
const NOBODY_READS = ['EPIPE', 'EIO']
process.stdout.on('error', (error) => {
  if (!NOBODY_READS.includes(error.code)) throw error
  process.exit()
})

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) console.log(HELP)
  else await show(options)
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nTry --help`)
    process.exitCode = EXIT_USAGE
  } else if (error.syscall === 'listen') {
    console.error(error.message)
    process.exit(1)
  } else if (error instanceof ThreadmeterError) {
    console.error(`${error.message}${error.cause ? `\n${error.cause.message}` : ''}`)
    process.exit(1)
  } else {
    console.error(error)
    process.exit(1)
  }
}
