// What is said at the end.

const SHOWN = ['nodejs_thread_cpu_seconds_total', 'nodejs_thread_state']
const MAX_LINES = 8

/** Lines to print when it is over: what it was, what /metrics said of it, where to go on. */
export async function summary(service, { port }) {
  const response = await fetch(`${service.url}/metrics`)
  const text = await response.text()
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const excerpt = samples.filter((line) => SHOWN.some((name) => line.startsWith(name)))
  return [
    `What you saw: CPU, run-queue delay and event loop utilization of every thread, read from outside.`,
    `The same for Prometheus, by prom-client (${samples.length} lines at ${service.url}/metrics):`,
    ...excerpt.slice(0, MAX_LINES).map((line) => `  ${line}`),
    '',
    'Fetch them yourself while it runs:',
    `  npm start -- --seconds 0 --port ${port || 9400}`,
    `  curl -s http://127.0.0.1:${port || 9400}/metrics | grep ^nodejs_thread`,
    'Read on: README.md, and examples/pool/README.md for how this example is made.',
  ]
}
