// What each worker of the service counts: 7,050 lines of exposition, the same in every worker.
//
//   http_request_duration_seconds  30 routes x 5 methods x 3 classes of status, 11 default buckets:
//                                  450 histograms of 14 lines
//   http_requests_total            30 routes x 5 methods x 5 statuses: 750 counters

export const SERIES = 450 * 14 + 750

const ROUTES = Array.from({ length: 30 }, (_, index) => `/api/v1/resources/${index}/:id`)
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const CLASSES = ['2xx', '4xx', '5xx']
const STATUSES = ['200', '201', '400', '404', '500']

const product = (codes) =>
  ROUTES.flatMap((route) =>
    METHODS.flatMap((method) => codes.map((status) => ({ route, method, status }))),
  )

/** Makes the series with any client of prom-client's interface; the function counts in 12 of them. */
export function makeSeries({ Counter, Histogram }) {
  const labelNames = ['route', 'method', 'status']
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests.',
    labelNames,
  })
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests answered.',
    labelNames,
  })
  const steps = [
    ...product(CLASSES).map((labels, index) => () => durations.observe(labels, index % 13)),
    ...product(STATUSES).map((labels) => () => requests.inc(labels)),
  ]
  for (const step of steps) step()
  let at = 0
  return function countSome() {
    for (let i = 0; i < 12; i++) {
      steps[at]()
      at = (at + 1) % steps.length
    }
  }
}
