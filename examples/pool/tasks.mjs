// What the pool is asked to do: real work for a processor.
import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

const bytes = randomBytes(1 << 20)
const text = bytes.toString('hex', 0, 1 << 17)
const order = {
  id: 4711,
  lines: Array.from({ length: 2000 }, (_, line) => ({
    line,
    article: `A-${bytes.readUInt32LE(line * 4)}`,
    price: bytes[line] / 100,
    tags: ['new', 'fragile', 'air'].slice(line % 3),
  })),
}

/** The tasks by name: their names are the paths of the service. */
export const TASKS = {
  hash() {
    let digest = bytes
    for (let round = 0; round < 4; round++) {
      digest = createHash('sha256').update(bytes).update(digest).digest()
    }
    return digest.toString('hex')
  },
  compress() {
    return `${gzipSync(text).length} bytes`
  },
  json() {
    let copy = order
    for (let round = 0; round < 4; round++) copy = JSON.parse(JSON.stringify(copy))
    return JSON.stringify(copy)
  },
}
