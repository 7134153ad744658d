import { fileURLToPath } from 'node:url'
import { expect, it, test, vi } from 'vitest'
import { begin, resultIn, socketIn } from '../diagnostics/host-door.js'
import { Running, runtimeDirectory } from '../observer/running.js'
import { runFixture } from './run.js'

const PROGRAM = fileURLToPath(new URL('fixtures/diagnostics-slow.mjs', import.meta.url))
const FOR_EVER_MS = '18000'
const MIB = 2 ** 20

vi.setConfig({ testTimeout: 30_000 })

interface Case {
  how: string
  node?: string[]
  thread?: string
  env?: Record<string, string>
}

/** Ends a program in the middle of a profile, with a helper that is busy or is no more. */
async function endOf(helper: string, { how, node = [], thread = 'busy', env = {} }: Case) {
  const directory = runtimeDirectory()
  const args = [...node, '--import', 'threadmeter/register', PROGRAM, how, helper]
  const program = new Running(args, { THREADMETER_DIR: directory, THREADMETER_PORT: '0', ...env })
  await program.hear()
  const socket = await socketIn(directory)
  const { started, told } = begin(socket, `/v1/cpu-profile?thread=${thread}&seconds=60`)
  await started
  program.say('go')
  const { endsAt } = await program.hear<{ endsAt: number }>()
  const { code, signal, at } = await program.ended
  const profile = resultIn<{ threadmeter: { partial: string } }>(await told)
  const { errors } = program
  return { how, code, signal, took: at - endsAt, partial: profile?.threadmeter.partial, errors }
}

const CODES = { drain: 0, exit: 7, throw: 1, reallyExit: 7 }

it('a helper that is late holds up the exit for as long, and no longer', async () => {
  const each = Object.entries(CODES).map(async ([how, code], i) => {
    const env = { THREADMETER_SERVE: i % 2 === 0 ? 'on' : 'off' }
    const ended = await endOf('1500', { how, env, node: i < 2 ? ['--inspect=0'] : [] })
    expect(ended).toMatchObject({ how, code, signal: null })
    expect(ended.took).toBeGreaterThan(500)
    expect(ended.took).toBeLessThan(4000)
    return ended.partial
  })
  expect(await Promise.all(each)).toContain('process ended')
})

it.each([
  ['alone', []],
  ['with --inspect', ['--inspect=0']],
])('a helper that answers no more is not waited for: %s', async (_, node) => {
  const [ofMain, ofWorker, ofGone] = await Promise.all([
    endOf(FOR_EVER_MS, { how: 'exit', node, thread: 'main', env: { THREADMETER_SERVE: 'off' } }),
    endOf(FOR_EVER_MS, { how: 'drain', node }),
    endOf('gone', { how: 'exit', node, env: { THREADMETER_SERVE: 'off' } }),
  ])
  expect(ofMain.code, ofMain.errors).toBe(7)
  expect(ofMain.took).toBeLessThan(3000)
  // Node would join the worker, which waits for its session.
  for (const { signal, took, errors } of [ofWorker, ofGone]) {
    expect(signal, errors).toBe('SIGKILL')
    expect(errors).toContain('the thread that profiled a worker does not let go of it')
    expect(took).toBeLessThan(9000)
  }
  expect(ofGone.took).toBeLessThan(3000)
})

test('workers keep nothing of the sessions in which they were looked for', async () => {
  const { code, result } = await runFixture<{ before: number; after: number }>(
    'diagnostics-sessions',
    { args: ['500'] },
  )
  expect(code).toBe(0)
  // A session that stays takes 9 KB in each of the 16 workers.
  expect(result.after - result.before).toBeLessThan(32 * MIB)
})
