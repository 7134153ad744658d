// A result is `{ title, text, tables, targets }`; a table `{ title, columns, rows }`, its columns
// `{ key, label, unit }`, its rows `{ name, <key>: number }` or `{ name, missing: reason }`.

const digits = (value) => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)

const UNITS = {
  ns(value) {
    const size = Math.abs(value)
    const sign = value < 0 ? '-' : ''
    if (size < 1e3) return `${sign}${size.toFixed(0)} ns`
    if (size < 1e6) return `${sign}${digits(size / 1e3)} µs`
    return `${sign}${digits(size / 1e6)} ms`
  },
  ratio: (value) => `${digits(value)}x`,
  percent: (value) => `${value >= 1 ? digits(value) : value.toPrecision(2)} %`,
  share: (value) => `${(value * 100).toFixed(0)} %`,
  count: (value) => String(value),
  bytes: (value) => (value < 1e6 ? `${digits(value / 1e3)} kB` : `${digits(value / 1e6)} MB`),
}

export function cell(value, unit) {
  // NaN has become null on its way through IPC.
  if (typeof value === 'string') return value
  return Number.isFinite(value) ? UNITS[unit](value) : '–'
}

const cellsOf = (table) =>
  table.rows.map((row) => [
    row.name,
    ...table.columns.map(({ key, unit }) => (row.missing ? '' : cell(row[key], unit))),
  ])

function textTable(table) {
  const header = [table.title, ...table.columns.map(({ label }) => label)]
  const lines = [header, ...cellsOf(table)]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line, index) => {
      const [name, ...cells] = line.map((text, column) =>
        column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]),
      )
      const missing = index > 0 && table.rows[index - 1].missing
      return missing ? `  ${name}  missing: ${missing}` : `  ${name}  ${cells.join('  ')}`
    })
    .join('\n')
}

function markdownTable(table) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rows = cellsOf(table).map((cells, index) => {
    const { missing } = table.rows[index]
    return line(missing ? [cells[0], `missing: ${missing}`, ...cells.slice(2)] : cells)
  })
  return [
    line([table.title, ...table.columns.map(({ label }) => label)]),
    line(['---', ...table.columns.map(() => '---:')]),
    ...rows,
  ].join('\n')
}

const targetLine = ({ name, value, limit, unit }) =>
  `${value <= limit ? 'reached' : 'MISSED '}  ${name}: ${cell(value, unit)} (at most ${cell(limit, unit)})`

export function textOf(result) {
  const parts = [`\n== ${result.title} ==`, result.text, ...result.tables.map(textTable)]
  if (result.targets.length > 0)
    parts.push(result.targets.map((t) => `  ${targetLine(t)}`).join('\n'))
  return parts.join('\n\n')
}

export function markdownOf(result) {
  const parts = [`### ${result.title}`, result.text, ...result.tables.map(markdownTable)]
  if (result.targets.length > 0) {
    const rows = result.targets.map(
      ({ name, value, limit, unit }) =>
        `| ${name} | ${cell(value, unit)} | ${cell(limit, unit)} | ${value <= limit ? 'reached' : 'missed'} |`,
    )
    parts.push(
      ['| target | measured | at most | |', '| --- | ---: | ---: | --- |', ...rows].join('\n'),
    )
  }
  return parts.join('\n\n')
}
