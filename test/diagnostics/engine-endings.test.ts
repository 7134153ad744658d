import { describe, expect, it } from 'vitest'
import type { CpuProfile, ProgressEvent } from '../../dist/diagnostics/model.js'
import { type Answer, EngineApp, type WorkerSpec } from './engine-app.js'

const MINUTE = { kind: 'cpu-profile', seconds: 60 }
const KINDS = ['cpu-profile', 'heap-profile', 'gc-profile']

/** Begins profiles of a minute and does something as soon as all of them run. */
function duringProfiles(app: EngineApp, requests: object[], act: () => void): Promise<Answer[]> {
  let begun = 0
  const heard = ({ event }: ProgressEvent) => {
    if (event === 'started' && ++begun === requests.length) setTimeout(act, 300)
  }
  return Promise.all(requests.map((request) => app.capture({ ...MINUTE, ...request }, { heard })))
}

async function duringProfile(app: EngineApp, thread: string, act: () => void): Promise<Answer> {
  const [answer] = await duringProfiles(app, [{ thread }], act)
  return answer as Answer
}

function profileOf({ outcomes, failed }: Answer): CpuProfile {
  const { json, error = failed } = outcomes[0] ?? {}
  if (json === undefined) throw new Error(`no profile: ${JSON.stringify(error)}`)
  return JSON.parse(json)
}

const functionsIn = ({ nodes }: CpuProfile) => nodes.map(({ callFrame }) => callFrame.functionName)

/** Nothing of what was asked for holds on to the process any more. */
async function expectLetGo(app: EngineApp): Promise<void> {
  await expect.poll(() => app.held()).toBe(0)
}

describe('a worker that ends in the middle of its profile', () => {
  const WORKING: WorkerSpec = { name: 'one', state: 'fibonacci' }
  it.each<[string, WorkerSpec[], string]>([
    ['is terminated', [WORKING], `workers.get('one').terminate()`],
    [
      'is terminated without threadmeter',
      [{ ...WORKING, bare: true }],
      `workers.get('one').terminate()`,
    ],
    ['exits', [{ name: 'one' }], `workers.get('one').postMessage('exit')`],
    ['throws', [{ name: 'one' }], `workers.get('one').postMessage('throw')`],
    [
      'goes with the worker that started it',
      [{ name: 'outer' }, { ...WORKING, under: 'outer' }],
      `workers.get('outer').terminate()`,
    ],
  ])('%s', async (_, workers, line) => {
    const app = await EngineApp.start({ workers })
    // In a worker without threadmeter a termination is lost when it hits what is evaluated.
    const kinds = KINDS.filter((kind) => kind !== 'gc-profile' || !workers.at(-1)?.bare)
    const requests = kinds.map((kind) => ({ kind, thread: 'one' }))
    const profiles = await duringProfiles(app, requests, () => app.say(line))
    const [profile, ...others] = profiles.map(profileOf)
    for (const { threadmeter } of others) expect(threadmeter.partial).toBe('thread ended')
    expect(profile.threadmeter).toMatchObject({ partial: 'thread ended', thread: { name: 'one' } })
    expect(profile.samples.length).toBeGreaterThan(10)
    if (workers.at(-1)?.state === 'fibonacci') expect(functionsIn(profile)).toContain('fibonacci')
    const threads = () => app.threads().then((list) => list.map(({ name }) => name))
    await expect.poll(threads).toEqual(['main'])
    await expectLetGo(app)
    expect((await app.capture({ kind: 'stack', thread: 'one' })).failed).toMatchObject({
      code: 'ERR_THREADMETER_THREAD_NOT_FOUND',
    })
  })
})

describe('a process that ends in the middle of profiles', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' with a debugging port open', ['--inspect=127.0.0.1:0']],
  ])('exits%s', async (_, nodeArgs) => {
    const workers = [{ name: 'one', state: 'fibonacci' }]
    const app = await EngineApp.start({ workers }, nodeArgs)
    const requests = ['one', 'main'].flatMap((thread) => KINDS.map((kind) => ({ kind, thread })))
    const answers = await duringProfiles(app, requests, () => app.say('process.exit(7)'))
    const profiles = answers.map(profileOf)
    for (const { threadmeter } of profiles) expect(threadmeter.partial).toBe('process ended')
    const [one] = profiles
    expect(functionsIn(one)).toContain('fibonacci')
    expect(await app.ended).toBe(7)
  })

  it.each<[string, string, string[]]>([
    ['by reallyExit', 'process.reallyExit(7)', []],
    ['by reallyExit with a port open', 'process.reallyExit(7)', ['--inspect=127.0.0.1:0']],
    ['without listeners', `process.removeAllListeners('exit'); process.exit(7)`, []],
  ])('exits %s', async (_, line, nodeArgs) => {
    const app = await EngineApp.start({ workers: [{ name: 'one', state: 'fibonacci' }] }, nodeArgs)
    const answer = await duringProfile(app, 'one', () => app.say(line))
    expect(profileOf(answer).threadmeter.partial).toBe('process ended')
    expect(await app.ended).toBe(7)
  })

  it('exits beside a worker that does not answer any more', async () => {
    const app = await EngineApp.start({ workers: [{ name: 'one' }] })
    const line = `workers.get('one').postMessage('sleep'); setTimeout(() => process.exit(7), 100)`
    const { outcomes } = await duringProfile(app, 'one', () => app.say(line))
    expect(outcomes[0].error?.code).toBe('ERR_THREADMETER_PROCESS_ENDED')
    expect(await app.ended).toBe(7)
  })

  it('throws with a debugging port open', async () => {
    const app = await EngineApp.start({}, ['--inspect=127.0.0.1:0'])
    const throwing = `setImmediate(() => { throw new Error('on purpose') })`
    const answer = await duringProfile(app, 'main', () => app.say(throwing))
    expect(profileOf(answer).threadmeter.partial).toBe('process ended')
    expect(await app.ended).toBe(1)
    expect(app.errors).toContain('on purpose')
  })
})
