// The contestants: how each client counts in a worker and answers a scrape of all of them.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { isMainThread } from 'node:worker_threads'

async function serve(answer, contentType) {
  const server = createServer(async (_request, response) => {
    response.setHeader('content-type', contentType)
    response.end(await answer())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${server.address().port}/metrics`
}

const fromRegistry = (Registry, method) => {
  const registry = new Registry()
  return serve(() => registry[method](), registry.contentType)
}

async function observed() {
  const { observe } = await import('threadmeter/observer')
  const dir = mkdtempSync('/dev/shm/threadmeter-bench-')
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const { url } = await observe({ port: 0, dir })
  return new URL('/metrics', url).href
}

export const CLIENTS = {
  threadmeter: {
    name: 'threadmeter',
    load: () => import('threadmeter/metrics'),
    answer: { cluster: observed, threads: observed },
  },
  'prom-client': {
    name: 'prom-client AggregatorRegistry',
    async load() {
      const client = await import('prom-client')
      // It listens for requests from the primary as soon as there is one.
      new client.AggregatorRegistry()
      return client
    },
    answer: {
      cluster: async () =>
        fromRegistry((await import('prom-client')).AggregatorRegistry, 'clusterMetrics'),
    },
  },
  '@prometheus-io/client': {
    name: '@prometheus-io/client',
    async load() {
      const client = await import('@prometheus-io/client')
      isMainThread ? new client.ClusterRegistry() : new client.WorkerRegistry()
      return client
    },
    answer: {
      cluster: async () =>
        fromRegistry((await import('@prometheus-io/client')).ClusterRegistry, 'clusterMetrics'),
      threads: async () =>
        fromRegistry((await import('@prometheus-io/client')).WorkerRegistry, 'workerMetrics'),
    },
  },
}
