// A tmpfs that has no room, cannot be written or is not there: mounted in a namespace that ends with the
// application. A store into memory that is not there would end it by SIGBUS.
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { expectPart, expectReason, runApp } from './meter-app.js'

const { ENOSPC } = constants.errno
const directory = '/dev/shm/service'
const SERIES = 1000

const mount = (options: string): string =>
  `mount -t tmpfs -o mode=1777,${options} none /dev/shm && mkdir -m 700 ${directory}`

describe.concurrent('a tmpfs without room', () => {
  test('for the smallest meter file', async () => {
    const app = await runApp({ directory, before: mount('size=8k') })
    expectReason(app, /^ENOSPC: /)
  })

  test('for another name', async () => {
    // One inode is the root's and one the service's.
    const app = await runApp({ directory, before: mount('nr_inodes=2') })
    expectReason(app, /^ENOSPC: |: ENOSPC/)
  })

  test('for all series', async () => {
    const app = await runApp({ directory, series: SERIES, before: mount('size=64k') })
    expectPart(app, SERIES, ENOSPC)
    expect(app.worker.meterFiles).toMatchObject({ reason: expect.stringMatching(/^ENOSPC: /) })
  })

  test('once somebody else has filled it, in the middle of growth', async () => {
    const app = await runApp({
      directory,
      series: SERIES,
      before: mount('size=8m'),
      inTheMiddle: '! cat /dev/zero > /dev/shm/filler 2> /dev/null',
    })
    expect(app.command).toBe(0)
    expectPart(app, SERIES, ENOSPC)
    expect(app.seen?.stored).toBeGreaterThan(SERIES / 2)
  })

  test('for less than what is to be mapped at once', async () => {
    const app = await runApp({
      directory,
      series: SERIES,
      before: mount('size=8m'),
      // Leaves a page.
      inTheMiddle:
        '! cat /dev/zero > /dev/shm/filler 2> /dev/null; truncate -s -4096 /dev/shm/filler',
    })
    expectPart(app, SERIES, ENOSPC)
  })
})

test.concurrent('a tmpfs that is mounted for reading alone', async () => {
  const app = await runApp({
    directory,
    before: `${mount('size=1m')} && mount -o remount,ro /dev/shm`,
  })
  expectReason(app, /EROFS/)
})

const NOT_ON_TMPFS = 'for meter files: /dev/shm is not on tmpfs'

test.concurrent('no tmpfs anywhere', async () => {
  const before = `
    for place in /dev/shm /tmp /run/user/$(id -u); do
      test "$(stat -fc %T $place 2> /dev/null)" != tmpfs || mount --bind /usr $place
    done`
  const env = { XDG_RUNTIME_DIR: '', OBSERVE: '1' }
  const app = await runApp({ directory: '', before, env })
  expectReason(app, /^no (directory for meter files|runtime directory): /)
  expect(app.main.meterFiles).toMatchObject({ reason: expect.stringContaining(NOT_ON_TMPFS) })
})
