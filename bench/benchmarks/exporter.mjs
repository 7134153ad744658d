import { setTimeout as sleep } from 'node:timers/promises'
import { threads } from 'threadmeter'
import { compare, rowsOf } from '../harness/compare.mjs'
import { fromPackage } from '../harness/peers.mjs'
import { median } from '../harness/statistics.mjs'
import { Workers } from '../harness/workers.mjs'

// For the first second after it was first seen a thread is looked at closer, until it has its name.
const SETTLED_MS = 1500
const CLIENTS = ['prom-client', '@prometheus-io/client']

const scraping = (register) => ({
  register,
  async run(times) {
    for (let i = 0; i < times; i++) await register.metrics()
  },
})

async function contestants() {
  const list = []
  for (const specifier of CLIENTS) {
    list.push(
      await fromPackage(`threadMetrics, ${specifier}`, 'threadmeter/prom-client', () => ({})),
      await fromPackage(`collectDefaultMetrics, ${specifier}`, specifier, (client) => {
        const register = new client.Registry()
        client.collectDefaultMetrics({ register })
        return scraping(register)
      }),
    )
  }
  for (const [index, specifier] of CLIENTS.entries()) {
    const contestant = list[index * 2]
    if (contestant.missing !== undefined) continue
    const { threadMetrics } = await import('threadmeter/prom-client')
    const { Registry } = await import(specifier)
    const register = new Registry()
    threadMetrics({ register })
    Object.assign(contestant, scraping(register))
  }
  return list
}

async function seriesOf(register) {
  const text = await register.metrics()
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
}

async function measure(count, options) {
  const list = await contestants()
  const samples = await compare(list, options)
  const series = new Map()
  for (const { name, register } of list) {
    if (register !== undefined) series.set(name, await seriesOf(register))
  }
  return {
    title: `${count} workers`,
    columns: [
      { key: 'time', label: 'a scrape', unit: 'ns' },
      { key: 'cpu', label: 'CPU of it', unit: 'ns' },
      { key: 'series', label: 'series', unit: 'count' },
      { key: 'perSeries', label: 'a series', unit: 'ns' },
      { key: 'ratio', label: 'to collectDefaultMetrics', unit: 'ratio' },
    ],
    rows: rowsOf(list, samples, `collectDefaultMetrics, ${CLIENTS[0]}`, ({ name }, own) => ({
      cpu: median(own.cpu),
      series: series.get(name),
      perSeries: median(own.wall) / series.get(name),
    })),
  }
}

export default {
  title: 'One scrape of the Prometheus exporter',
  async run({ quick, progress }) {
    const workers = new Workers()
    const tables = []
    for (const count of [16, 64]) {
      progress(`${count} workers`)
      await workers.grow(count)
      threads()
      await sleep(SETTLED_MS)
      tables.push(await measure(count, { rounds: quick ? 8 : 60, sliceMs: quick ? 10 : 20 }))
    }
    await workers.close()
    return {
      text:
        '`await register.metrics()` with the thread metrics of all workers, beside the default metrics that ' +
        'each client collects for the main thread alone; a registry of its own for each.',
      tables,
      targets: [],
    }
  },
}
