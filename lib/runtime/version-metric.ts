import { Gauge } from '../metrics/gauge.js'
import type { DefaultMetrics } from './default-metric.js'

export function version({ describe, labels }: DefaultMetrics): void {
  const [major, minor, patch] = process.version.slice(1).split('.').map(Number)
  new Gauge<string>({
    ...describe('nodejs_version_info', 'Node.js version info.', [
      'version',
      'major',
      'minor',
      'patch',
    ]),
    aggregator: 'first',
    collect() {
      this.set({ version: process.version, major, minor, patch, ...labels }, 1)
    },
  })
}
