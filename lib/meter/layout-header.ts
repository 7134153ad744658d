import { HEADER, HEADER_BYTES, LAYOUT_VERSION, MAGIC } from './layout.js'

const WORDS = [
  'version',
  'headerBytes',
  'state',
  'end',
  'records',
  'unstored',
  'error',
  'kind',
  'locked',
] as const

const IDENTITY = [
  'pid',
  'processStart',
  'tid',
  'threadStart',
  'threadId',
  'pidNamespace',
  'createdAt',
  'processSlot',
] as const

const FIGURES = [
  'loopStamp',
  'loopIdle',
  'loopInterval',
  'finalCpu',
  'finalUser',
  'finalSystem',
  'finalRunDelay',
  'finalVoluntary',
  'finalInvoluntary',
] as const

const TEXTS = ['label', 'name', 'nodeVersion', 'program'] as const

type Identity = (typeof IDENTITY)[number]
type Figure = (typeof FIGURES)[number]
type Text = (typeof TEXTS)[number]

/** What a meter file's header says; {@link HEADER} tells the meaning and unit of each field. */
export type MeterHeader = {
  readonly [Field in Identity | Text]: Field extends Text ? string : number
} & {
  [Field in Figure | (typeof WORDS)[number]]: number
}

/** What is known of a thread before it has a file; what is left out is 0 or empty. */
export type HeaderFields = Partial<MeterHeader>

/** `text` as UTF-8 of at most `limit` bytes, cut between two characters. */
export function boundedUtf8(text: string, limit: number): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return bytes
  let end = limit
  while (((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

/** Writes a whole header into the {@link HEADER_BYTES} at the beginning of `bytes`, which are 0. */
export function encodeHeader(bytes: Uint8Array, fields: HeaderFields): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  bytes.set(Buffer.from(MAGIC, 'latin1'), HEADER.magic)
  const all: HeaderFields = { ...fields, version: LAYOUT_VERSION, headerBytes: HEADER_BYTES }
  for (const word of WORDS) view.setUint32(HEADER[word], all[word] ?? 0, true)
  for (const field of IDENTITY) view.setFloat64(HEADER[field], fields[field] ?? 0, true)
  for (const field of FIGURES) view.setFloat64(HEADER[field], fields[field] ?? 0, true)
  for (const field of TEXTS) {
    const text = boundedUtf8(fields[field] ?? '', HEADER[`${field}Bytes`])
    view.setUint32(HEADER[field], text.length, true)
    bytes.set(text, HEADER[field] + 4)
  }
}

/** Reads headers, also of files that nobody checked before. */
export class HeaderDecoder {
  readonly bytes = Buffer.from(new ArrayBuffer(HEADER_BYTES))
  #view = new DataView(this.bytes.buffer)

  get hasMagic(): boolean {
    return this.bytes.toString('latin1', 0, MAGIC.length) === MAGIC
  }

  word(field: (typeof WORDS)[number]): number {
    return this.#view.getUint32(HEADER[field], true)
  }

  /** All of it, or the name of a field that cannot be. */
  decode(): MeterHeader | string {
    const header: Record<string, number | string> = {}
    for (const field of IDENTITY) {
      const value = this.#view.getFloat64(HEADER[field], true)
      if (!Number.isSafeInteger(value) || value < 0) return field
      header[field] = value
    }
    for (const field of TEXTS) {
      const length = this.#view.getUint32(HEADER[field], true)
      if (length > HEADER[`${field}Bytes`]) return field
      header[field] = this.bytes.toString('utf8', HEADER[field] + 4, HEADER[field] + 4 + length)
    }
    const all = header as unknown as MeterHeader
    return this.update(all) ?? all
  }

  /** Renews what changes while a thread lives; the name of a field that cannot be, or undefined. */
  update(header: MeterHeader): string | undefined {
    for (const word of WORDS) header[word] = this.word(word)
    header.error = this.#view.getInt32(HEADER.error, true)
    for (const field of FIGURES) {
      const value = this.#view.getFloat64(HEADER[field], true)
      const isUnknown = Number.isNaN(value) && field.startsWith('final')
      if (!isUnknown && !(value >= 0 && value < Number.POSITIVE_INFINITY)) return field
      header[field] = value
    }
    return undefined
  }
}
