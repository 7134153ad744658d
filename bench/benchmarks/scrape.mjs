import { Service, startPeer } from '../harness/service.mjs'
import { median, quantile } from '../harness/statistics.mjs'
import { CLIENTS } from '../service/clients.mjs'
import { SERIES } from '../service/series.mjs'

const OURS = 'threadmeter'
const SETUPS = [
  { mode: 'cluster', workers: 4, title: '4 cluster workers' },
  { mode: 'cluster', workers: 8, title: '8 cluster workers' },
  { mode: 'threads', workers: 4, title: '4 worker threads' },
]
const SCRAPE_LIMIT_MS = 12
// 400 requests a second.
const PAIRS_PER_TICK = 2

async function startAll({ mode, workers }, scraper) {
  const list = []
  for (const [client, { name, answer }] of Object.entries(CLIENTS)) {
    if (answer[mode] === undefined) {
      list.push({ name, client, missing: 'it has none for worker threads' })
      continue
    }
    const service = new Service(client, mode, workers)
    try {
      await service.start()
      const bytes = await service.bytesMoved(scraper)
      list.push({ name, client, service, bytes, off: [], on: [] })
    } catch (error) {
      await service.end()
      list.push({ name, client, missing: error.message.split('\n')[0] })
    }
  }
  return list
}

/** All contestants in turn, without and with scrapes, so that the machine's moods meet all alike. */
async function measure(list, peers, { rounds, windows }, progress) {
  const present = list.filter(({ missing }) => missing === undefined)
  for (let round = 0; round <= rounds; round++) {
    for (const { name, service, off, on } of present) {
      // The first round is to warm up.
      progress(round === 0 ? `warming up ${name}` : `round ${round} of ${rounds}: ${name}`)
      const load = {
        load: peers.load,
        windows: round === 0 ? 1 : windows,
        pairsPerTick: PAIRS_PER_TICK,
      }
      const quiet = await service.phase(load)
      const scraped = await service.phase({ ...load, scraper: peers.scraper })
      if (round === 0) continue
      off.push(quiet)
      on.push(scraped)
    }
  }
}

const ns = (ms) => ms * 1e6

/** Window by window, the longest block of any of the workers. */
const worst = (workers) => workers[0].map((_, window) => Math.max(...workers.map((w) => w[window])))

const figures = {
  primary: (phases) => phases.flatMap(({ blocks }) => blocks.primary),
  workers: (phases) => phases.flatMap(({ blocks }) => worst(blocks.workers)),
  fresh: (phases) => phases.flatMap(({ latencies }) => latencies.fresh),
  kept: (phases) => phases.flatMap(({ latencies }) => latencies.kept),
}

const scrapesOf = ({ on }) => on.flatMap(({ scrapes }) => scrapes)

function rowOf(contestant) {
  const { name, missing, off, on, bytes } = contestant
  if (missing !== undefined) return { name, missing }
  const scrapes = scrapesOf(contestant)
  const failed = scrapes.find(({ status, series }) => status !== 200 || series < SERIES)
  if (failed !== undefined) throw new Error(`a scrape of ${name}: ${JSON.stringify(failed)}`)
  const both = (key, value) => [ns(value(figures[key](off))), ns(value(figures[key](on)))]
  const [primaryOff, primaryOn] = both('primary', median)
  const [workersOff, workersOn] = both('workers', median)
  const p99 = (times) => quantile(times, 0.99)
  const [freshOff, freshOn] = both('fresh', p99)
  const [keptOff, keptOn] = both('kept', p99)
  return {
    name,
    time: ns(median(scrapes.map(({ ms }) => ms))),
    slow: ns(
      quantile(
        scrapes.map(({ ms }) => ms),
        0.9,
      ),
    ),
    bytes: bytes.messages || bytes.files,
    ...{ primaryOff, primaryOn, workersOff, workersOn, freshOff, freshOn, keptOff, keptOn },
  }
}

const COST = [
  { key: 'time', label: 'a scrape', unit: 'ns' },
  { key: 'slow', label: '90 % within', unit: 'ns' },
  { key: 'ratio', label: `to ${OURS}`, unit: 'ratio' },
  { key: 'bytes', label: 'moved', unit: 'bytes' },
  { key: 'primaryOn', label: 'block of the primary', unit: 'ns' },
  { key: 'primaryOff', label: 'unscraped', unit: 'ns' },
  { key: 'workersOn', label: 'block of a worker', unit: 'ns' },
  { key: 'workersOff', label: 'unscraped', unit: 'ns' },
]

const SERVICE = [
  { key: 'freshOn', label: 'P99, new connections', unit: 'ns' },
  { key: 'freshOff', label: 'unscraped', unit: 'ns' },
  { key: 'keptOn', label: 'P99, kept connections', unit: 'ns' },
  { key: 'keptOff', label: 'unscraped', unit: 'ns' },
]

function tablesOf(title, rows) {
  const ours = rows.find(({ name }) => name === OURS)?.time
  return [
    { title, columns: COST, rows: rows.map((row) => ({ ...row, ratio: row.time / ours })) },
    { title: `${title}: requests meanwhile`, columns: SERVICE, rows },
  ]
}

/** The block of a second with a scrape, beside nine in ten of the seconds without one. */
const blockTarget = ({ off, on }, key, whose, title) => ({
  name: `longest block of ${whose}, ${title}`,
  value: ns(median(figures[key](on))),
  limit: ns(quantile(figures[key](off), 0.9)),
  unit: 'ns',
})

function targetsOf({ mode, workers, title }, list, rows) {
  const ours = list.find(({ client, missing }) => client === OURS && missing === undefined)
  if (ours === undefined) return []
  return [
    ...(mode === 'cluster' && workers === 4
      ? [
          {
            name: `a scrape, ${title}`,
            value: rows[0].time,
            limit: ns(SCRAPE_LIMIT_MS),
            unit: 'ns',
          },
        ]
      : []),
    blockTarget(ours, 'primary', 'the primary', title),
    blockTarget(ours, 'workers', 'a worker', title),
  ]
}

async function runSetup(setup, peers, options, progress) {
  progress(`${setup.title}: starting the services`)
  const list = await startAll(setup, peers.scraper)
  try {
    await measure(list, peers, options, (text) => progress(`${setup.title}, ${text}`))
  } finally {
    await Promise.all(list.map(({ service }) => service?.end()))
  }
  const rows = list.map(rowOf)
  return { tables: tablesOf(setup.title, rows), targets: targetsOf(setup, list, rows) }
}

export default {
  title: 'One scrape of a whole service',
  async run({ quick, progress }) {
    const peers = { load: await startPeer('load'), scraper: await startPeer('scraper') }
    const options = quick ? { rounds: 1, windows: 1 } : { rounds: 3, windows: 4 }
    const results = []
    for (const setup of quick ? SETUPS.slice(0, 1) : SETUPS) {
      results.push(await runSetup(setup, peers, options, progress))
    }
    await Promise.all(Object.values(peers).map((peer) => peer.end()))
    return {
      text:
        `Workers with the same ${SERIES.toLocaleString('en')} series each, answering 400 requests a second ` +
        'that count in 12 series each; one scrape a second by another process, timed to the last byte. ' +
        'A block is the longest that the event loop stood still within a second, the median of all ' +
        'seconds (1 ms of it is how often one looks), of the worst worker where there are several; ' +
        'unscraped: the same in the same minutes without scrapes. Moved: messages between the processes ' +
        'or threads; bytes of files read, where there are no messages.',
      tables: results.flatMap(({ tables }) => tables),
      targets: results.flatMap(({ targets }) => targets),
    }
  },
}
