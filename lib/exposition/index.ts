export {
  renderFamilies,
  renderFamily,
  SeriesTexts,
  type ShownFamily,
  type ShownSeries,
  writeFamilies,
} from './families.js'
export { CONTENT_TYPES, type ExpositionFormat } from './format.js'
export { type LabelPairs, SeriesText } from './series-text.js'
export { BufferSink } from './sink.js'
