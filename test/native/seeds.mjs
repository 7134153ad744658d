// What the fuzzer starts from: the text of this kernel, and text that lies.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FIELDS = '1 1 1 0 -1 4194560 5 6 7 8 9 10 11 12 20 0 3 0 4711 99 0\n'

// Up to the processor, field 39.
const MORE_FIELDS = FIELDS.replace(
  '\n',
  ' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 17 4294967296 0 0 3 0\n',
)

const NASTY = [
  '',
  ')',
  '77 (a) R (b) S ',
  `77 (a) R (b) S ${FIELDS}`,
  `77 (() D ${FIELDS}`,
  `77 (node) R ${MORE_FIELDS}`,
  `77 (node) R ${MORE_FIELDS.replace('4294967296', '-1')}`,
  `77 (x\ny) ) Z ${FIELDS}`,
  `77 (x) S ${FIELDS.replace('4711', '18446744073709551616')}`,
  '18446744073709551615 18446744073709551615 1\n',
  '1 \t 2',
  '00000000000000000000000000000001 2 3',
  'Name:\tSigBlk:\t1\nSigBlk:\tffffffffffffffff\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n',
  'SigBlk:\nvoluntary_ctxt_switches:nonvoluntary_ctxt_switches:\n',
  'nonvoluntary_ctxt_switches:\t2\nvoluntary_ctxt_switches:\t99999999999999999999\nSigBlk:\tx\n',
  'running\n',
  '-1 0x7ffd 0x7f\n',
  '202 0x7f00deadbeef 0x189 0x2 0x0 0x0 0x0 0x7ffc 0x7f11\n',
  '-0 0x0',
  '9223372036854775808 0x1',
  '2147483648',
  '..',
]

/** Writes the seeds into a folder, one file each, and returns how many there are. */
export function writeSeeds(folder) {
  mkdirSync(folder, { recursive: true })
  const seeds = NASTY.map((text) => Buffer.from(text))
  for (const tid of readdirSync('/proc/self/task')) {
    seeds.push(Buffer.from(tid))
    for (const file of ['stat', 'schedstat', 'status', 'syscall']) {
      seeds.push(readFileSync(`/proc/self/task/${tid}/${file}`))
    }
  }
  for (const [index, seed] of seeds.entries()) writeFileSync(join(folder, `seed-${index}`), seed)
  return seeds.length
}
