// What an ELF file asks of its host, read straight from its dynamic section: needed libraries, needed
// symbol versions, undefined and defined symbols. Format: elf(5), for 64-bit little-endian files.

const DT = { NEEDED: 1, STRTAB: 5, RPATH: 15, RUNPATH: 29, VERNEED: 0x6ffffffe }
const PT_LOAD = 1
const SHT_DYNSYM = 11
const SHT_DYNAMIC = 6
const MACHINES = { 62: 'x64', 183: 'arm64' }

const ascii = (file, start) => file.toString('latin1', start, file.indexOf(0, start))
const u64 = (file, at) => Number(file.readBigUInt64LE(at))

/** The rows of a table of fixed size entries. */
const rows = (start, size, entry) =>
  Array.from({ length: Math.floor(size / entry) }, (_, index) => start + index * entry)

function sections(file) {
  const size = file.readUInt16LE(58)
  const count = file.readUInt16LE(60)
  return rows(u64(file, 40), size * count, size).map((at) => ({
    type: file.readUInt32LE(at + 4),
    offset: u64(file, at + 24),
    size: u64(file, at + 32),
  }))
}

/** Where in the file the loader finds what it maps at `address`. */
function offsetOf(file, address) {
  const size = file.readUInt16LE(54)
  const count = file.readUInt16LE(56)
  for (const at of rows(u64(file, 32), size * count, size)) {
    const start = u64(file, at + 16)
    const isLoaded = file.readUInt32LE(at) === PT_LOAD
    if (isLoaded && address >= start && address < start + u64(file, at + 32)) {
      return address - start + u64(file, at + 8)
    }
  }
  throw new Error(`no segment holds address ${address}`)
}

function dynamicEntries(file, table) {
  const dynamic = table.find(({ type }) => type === SHT_DYNAMIC)
  if (dynamic === undefined) throw new Error('no dynamic section')
  return rows(dynamic.offset, dynamic.size, 16).map((at) => [u64(file, at), u64(file, at + 8)])
}

function symbols(file, table, strings) {
  const dynsym = table.find(({ type }) => type === SHT_DYNSYM)
  if (dynsym === undefined) throw new Error('no dynamic symbols')
  return rows(dynsym.offset, dynsym.size, 24)
    .map((at) => ({
      name: ascii(file, strings + file.readUInt32LE(at)),
      isDefined: file.readUInt16LE(at + 6) !== 0,
    }))
    .filter(({ name }) => name !== '')
}

/**
 * What the addon in `file` (a Buffer) is made for, asks for and offers.
 * @returns {{ arch: string, needed: string[], searchPaths: number, hasVersions: boolean,
 *   undefined: string[], defined: string[] }}
 */
export function readElf(file) {
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error('no 64-bit ELF file')
  const table = sections(file)
  const entries = dynamicEntries(file, table)
  const values = (tag) => entries.filter(([entry]) => entry === tag).map(([, value]) => value)
  const strings = offsetOf(file, values(DT.STRTAB)[0])
  const all = symbols(file, table, strings)
  return {
    arch: MACHINES[file.readUInt16LE(18)] ?? 'unknown',
    needed: values(DT.NEEDED).map((value) => ascii(file, strings + value)),
    searchPaths: values(DT.RPATH).length + values(DT.RUNPATH).length,
    hasVersions: values(DT.VERNEED).length > 0,
    undefined: all.filter(({ isDefined }) => !isDefined).map(({ name }) => name),
    defined: all.filter(({ isDefined }) => isDefined).map(({ name }) => name),
  }
}
