import { setTimeout as sleep } from 'node:timers/promises'
import { invalidArgType } from '../errors.js'
import { clusterText, joinService } from './cluster-metrics.js'
import { collectAll } from './collect-all.js'
import { choose } from './placement.js'
import { globalRegistry, openMetricsContentType, Registry } from './registry.js'
import type { RegistryContentType } from './types.js'

const MAX_COLLECT_MS = 1000

let aggregated: readonly Registry<RegistryContentType>[] = [globalRegistry]

/**
 * What the primary of a cluster has in prom-client. No messages go to and fro here: the threads of all
 * processes keep their metrics in files that any of them can read, so no process waits for another one,
 * what ended processes counted stays in the totals, and worker threads take part.
 *
 * Make one before the other processes are started: they find the files by an environment variable that
 * is set then. An observer (`threadmeter/observer`) does the same in a thread of its own.
 *
 * @example
 * ```js
 * import cluster from 'node:cluster'
 * import { AggregatorRegistry, Counter } from 'threadmeter/metrics'
 *
 * if (cluster.isPrimary) {
 *   const aggregator = new AggregatorRegistry()
 *   cluster.fork()
 *   setTimeout(async () => {
 *     console.log(await aggregator.clusterMetrics())
 *     cluster.disconnect()
 *   }, 500)
 * } else {
 *   new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc()
 * }
 * ```
 */
export class AggregatorRegistry<
  ContentType extends RegistryContentType = RegistryContentType,
> extends Registry<ContentType> {
  constructor(contentType?: ContentType) {
    super(contentType)
    joinService()
  }

  /**
   * The metrics of all threads of all processes, each made one by its aggregator; those of this thread
   * alone where no files can be had (see `capabilities()` of `threadmeter`). Waits a second at most for
   * the `collect()` functions of this thread; those of others run when their threads have time.
   *
   * Cost: it reads and renders in the calling thread, 5 to 8 ms for four processes of 7,100 samples each;
   * 120 ms the first time.
   */
  async clusterMetrics(): Promise<string> {
    // What never ends must not keep what the others tell from being shown.
    const collected = collectAll()
    if (collected !== undefined) {
      await Promise.race([collected, sleep(MAX_COLLECT_MS, undefined, { ref: false })])
    }
    const { contentType } = this
    const text = clusterText(contentType === openMetricsContentType ? 'openmetrics' : 'text')
    if (text !== undefined) return text
    const own = await Promise.all(aggregated.map((registry) => registry.getMetricsAsJSON()))
    return Registry.aggregate(own, contentType).metrics()
  }

  /** There is nothing to be told to anybody before a process ends. */
  async shutdown(): Promise<void> {}

  /**
   * Lets observers and `clusterMetrics()` see the metrics of these registries, in the place of those of
   * the default registry. To be called in each thread that has them.
   *
   * @throws `TypeError` `ERR_THREADMETER_INVALID_ARG_TYPE`: something that is no registry
   */
  static setRegistries(
    registries: Registry<RegistryContentType> | readonly Registry<RegistryContentType>[],
  ): void {
    const all = Array.isArray(registries) ? registries : [registries]
    for (const registry of all) {
      if (!(registry instanceof Registry))
        throw invalidArgType('registries', 'registries', registry)
    }
    aggregated = [...all]
    choose(all.map(({ holder }) => holder))
  }
}

/** The same under the name that the clients have for worker threads, which need no other kind here. */
export class WorkerRegistry<
  ContentType extends RegistryContentType = RegistryContentType,
> extends AggregatorRegistry<ContentType> {
  workerMetrics(): Promise<string> {
    return this.clusterMetrics()
  }
}
