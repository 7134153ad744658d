export {
  Exposition,
  type LabelsOf,
  renderFamilies,
  renderFamily,
  type ShownFamily,
  type ShownSeries,
} from './families.js'
export { CONTENT_TYPES, type ExpositionFormat } from './format.js'
export { sampleText } from './sample-text.js'
export type { LabelPairs } from './series-lines.js'
