// A worker thread of the cluster: it counts where it works, whatever process it belongs to.
import { scryptSync } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { Counter } from 'threadmeter/metrics'

const hashes = new Counter({ name: 'app_hashes_total', help: 'Pages hashed.' })

parentPort.on('message', ({ page, port }) => {
  const hash = scryptSync(page, 'salt', 16).toString('hex')
  hashes.inc()
  port.postMessage(hash)
})
