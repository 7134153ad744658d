import { invalidArgType } from '../errors.js'
import { choose } from './placement.js'
import { Registry } from './registry.js'
import type { RegistryContentType } from './types.js'

/**
 * The registry of a cluster's primary in prom-client. No messages go to and fro here: the threads of all
 * processes keep their values in files, which any of them can read.
 */
export class AggregatorRegistry<
  ContentType extends RegistryContentType = RegistryContentType,
> extends Registry<ContentType> {
  /**
   * Lets observers see the metrics of these registries, in the place of those of the default registry.
   * Call it in each thread that has them.
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
    choose(all.map(({ holder }) => holder))
  }
}
