import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Client, ours, peers } from './clients.js'
import { declaredNames } from './declarations.js'

const PAGE = 'docs/compatibility.md'
const IN: Readonly<Record<string, string>> = {
  'prom-client': '15',
  '@prometheus-io/client': '0.16',
}

interface Row {
  readonly within: string
  readonly here: string
  readonly difference: string
}

const rows = new Map<string, Row>()
const twice: string[] = []
const ROW = /^\| `([\w.]+)` \| ([\w.]+) \| ([\w ]+) \| ?(.*?) ?\|$/gm
for (const match of readFileSync(PAGE, 'utf8').matchAll(ROW)) {
  const [, name, within, here, difference] = match as unknown as [string, ...string[]]
  if (rows.has(name as string)) twice.push(name as string)
  rows.set(name as string, { within, here, difference } as Row)
}

const isClass = (value: unknown): value is object =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

const BUILT_IN = new Set(['length', 'name', 'prototype', 'constructor'])
const ownNames = (object: object): string[] =>
  Object.getOwnPropertyNames(object).filter((name) => !BUILT_IN.has(name))

/** The names that a client has when it runs, as `Owner.member`. */
function runtimeNames({ module }: Client): string[] {
  const names = Object.keys(module)
  const members = names.flatMap((name) => {
    const value = module[name]
    if (!isClass(value)) return []
    const all = [...ownNames(value), ...ownNames((value as { prototype: object }).prototype)]
    return all.map((member) => `${name}.${member}`)
  })
  const aggregators = Object.keys(module.aggregators).map((name) => `aggregators.${name}`)
  const list: string[] = module.collectDefaultMetrics.metricsList
  return [...names, ...members, ...aggregators, ...list.map((name) => `metricsList.${name}`)]
}

const namesIn = (peer: Client): Set<string> => {
  const declarations = readFileSync(`node_modules/${peer.name}/index.d.ts`, 'utf8')
  return new Set([...runtimeNames(peer), ...declaredNames(declarations)])
}

// What has another name here, and is exported under both.
const ALIASES: readonly [RegExp, string][] = [
  [/^DefaultMetricsCollectorConfiguration\./, 'DefaultMetricsOptions.'],
  [/^MetricConfiguration\.collect$/, 'CounterConfiguration.collect'],
  [/^ClusterRegistry\./, 'AggregatorRegistry.'],
]

const INHERITED: readonly [RegExp, string][] = [
  [/^(Counter|Gauge|Histogram|Summary)Configuration\./, 'MetricConfiguration.'],
  [/^(Aggregator|Cluster)Registry\./, 'Registry.'],
  [/^WorkerRegistry\./, 'AggregatorRegistry.'],
  [/^WorkerRegistry\./, 'Registry.'],
]

const declarationsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.d.ts'))
    .flatMap((name) => declaredNames(readFileSync(`${folder}/${name}`, 'utf8')))

const declared = new Set([...declarationsIn('dist/metrics'), ...declarationsIn('dist/runtime')])
const exported = new Set(readFileSync('dist/metrics/exports.d.ts', 'utf8').match(/\w+/g))

/** Whether our module has a value of this name, in the class itself or in what its objects have. */
function isThere(name: string): boolean {
  const [owner = '', member] = name.split('.')
  if (owner === 'metricsList') {
    return ours.module.collectDefaultMetrics.metricsList.includes(member)
  }
  const value = ours.module[owner]
  if (value === undefined) return false
  return member === undefined || member in value || member in (value.prototype ?? {})
}

/** Whether our declarations have the name, and export its owner. */
function isDeclared(name: string): boolean {
  if (!exported.has(name.split('.')[0] as string)) return false
  if (!name.includes('.')) return true
  const variants = [...ALIASES, ...INHERITED].map(([from, to]) => name.replace(from, to))
  return [name, ...variants].some((variant) => declared.has(variant))
}

describe('the compatibility page', () => {
  it('was read', () => {
    expect(rows.size).toBeGreaterThan(150)
    expect(twice).toEqual([])
  })

  it('names everything that the two packages have, and nothing else', () => {
    const names = new Set(peers.flatMap((peer) => [...namesIn(peer)]))
    expect([...rows.keys()].sort()).toEqual([...names].sort())
  })

  it('says in which of the two it is', () => {
    const all = peers.map((peer) => [IN[peer.name] as string, namesIn(peer)] as const)
    for (const [name, { within }] of rows) {
      const owners = all.filter(([, names]) => names.has(name)).map(([version]) => version)
      expect(within, name).toBe(owners.length === 2 ? 'both' : owners[0])
    }
  })

  it('says of each name what is here, and of each difference what it is', () => {
    for (const [name, { here, difference }] of rows) {
      expect(['same', 'better', 'not supported'], name).toContain(here)
      if (here !== 'same') expect(difference, name).not.toBe('')
    }
  })

  it('calls nothing the same or better that is not there', () => {
    const runtime = new Set(peers.flatMap(runtimeNames))
    const types = new Set(
      peers.flatMap(({ name }) =>
        declaredNames(readFileSync(`node_modules/${name}/index.d.ts`, 'utf8')),
      ),
    )
    for (const [name, { here }] of rows) {
      if (here === 'not supported') continue
      if (runtime.has(name)) expect(isThere(name), `${name} when it runs`).toBe(true)
      else if (types.has(name)) expect(isDeclared(name), `${name} in types`).toBe(true)
    }
  })

  it('calls nothing unsupported that is there', () => {
    for (const [name, { here }] of rows) {
      if (here === 'not supported') expect(isThere(name), name).toBe(false)
    }
  })
})
