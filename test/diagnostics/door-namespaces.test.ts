import { spawnSync } from 'node:child_process'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { DoorClient } from '../../dist/diagnostics/door/client.js'
import { doorOf, findDoors } from '../../dist/diagnostics/door/location.js'
import { unshare } from '../hazards/run.js'
import { appIn } from './door-app.js'
import { directoryOfTest } from './door-running.js'

describe('a process in another PID namespace', () => {
  it('is found by its pid out here, and by its own number where it shares the directory', async () => {
    const directory = directoryOfTest()
    const through = unshare('--mount', '--pid', '--fork', '--mount-proc')
    const app = await appIn({ THREADMETER_DIR: directory }, through)
    expect(app.pid).toBeLessThan(100)
    const children = spawnSync('pgrep', ['-P', String(app.spawned)], { encoding: 'utf8' })
    const outside = Number(children.stdout)
    const path = doorOf(outside)
    expect(path).toMatch(/^\/proc\/\d+\/root\//)
    expect((await new DoorClient(path as string).info()).pid).toBe(app.pid)
    vi.stubEnv('THREADMETER_DIR', directory)
    onTestFinished(() => void vi.unstubAllEnvs())
    const [door] = findDoors().filter((found) => found.directory === directory)
    expect(door).toMatchObject({ pid: app.pid, path: app.path, samePidNamespace: false })
    expect((await new DoorClient(app.path).info()).pid).toBe(app.pid)
  })
})
