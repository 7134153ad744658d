export type { OutsideFamily } from './family-rows.js'
export type { MeterSource } from './meters.js'
export { Outside, type OutsideReadings } from './outside.js'
export type { ServiceThread } from './service-threads.js'
