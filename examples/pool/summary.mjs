// What is said at the end.

// Of all that /metrics says, what shows the point: CPU and verdict of four threads that differ.
const THREADS = /thread="(?:pool|crunch|shell|standby)"/
const CPU = /^nodejs_thread_cpu_seconds_total\{.*mode="user"/
const VERDICT = /^nodejs_thread_state\{.* [1-9]\d*$/

const DEFAULT_PORT = 9400

/** Lines to print when it is over: what it was, what /metrics said of it, where to go on. */
export async function summary(service, options) {
  const text = await service.metrics()
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const excerpt = samples.filter(
    (line) => THREADS.test(line) && (CPU.test(line) || VERDICT.test(line)),
  )
  const port = options.port || DEFAULT_PORT
  return [
    'What you saw: where the time of every thread of a process goes, read without asking any of them.',
    `The same for Prometheus, through prom-client; ${samples.length} samples, these among them:`,
    '',
    ...excerpt.map((line) => `  ${line}`),
    '',
    'Fetch them yourself, while it runs:',
    `  npm start -- --seconds 0 --port ${port}`,
    `  curl -s http://127.0.0.1:${port}/metrics | grep ^nodejs_thread`,
    '',
    'How it is made: examples/pool/README.md. What else there is: README.md.',
  ]
}
