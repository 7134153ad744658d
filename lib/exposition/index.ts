export {
  renderFamilies,
  renderFamily,
  SeriesTexts,
  type ShownFamily,
  type ShownSeries,
  writeFamilies,
} from './families.js'
export { CONTENT_TYPES, type ExpositionFormat, formatNumber } from './format.js'
export { type LabelPairs, type SeriesFigures, SeriesText } from './series-text.js'
export { BufferSink } from './sink.js'
