import { Failure } from '../command.js'
import { bytesText } from '../terminal/quantity.js'

// The longest string that V8 makes is half a GiB; a capture of that size takes several times as much.
const LARGEST_JSON = 256 * 1024 * 1024

const canParse = (bytes: number): boolean => bytes <= LARGEST_JSON

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A body that is a capture in JSON: as it came, and read. */
export async function wholeOf<Capture>(
  body: AsyncIterable<Buffer>,
  bytes: number,
): Promise<{ raw: Buffer; value: Capture }> {
  if (!canParse(bytes)) {
    throw new Failure(`a capture of ${bytesText(bytes)} is too large: ask for fewer seconds`, {
      code: 'ERR_THREADMETER_CAPTURE_FAILED',
    })
  }
  const raw = await bytesOf(body)
  return { raw, value: JSON.parse(raw.toString()) as Capture }
}

export const jsonOf = async <Capture>(
  body: AsyncIterable<Buffer>,
  bytes: number,
): Promise<Capture> => (await wholeOf<Capture>(body, bytes)).value
