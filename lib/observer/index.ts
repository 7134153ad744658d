export { type MetricsRequest, type MetricsResponse, type Observer, observe } from './observe.js'
export type { ObserveOptions } from './options.js'
export type { ServiceThread } from './outside/index.js'
