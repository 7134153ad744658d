import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Running, run } from './running.js'
import { stuckService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'

// What perf prints where it is not allowed: as it was seen, of a process of another user and without seccomp's leave.
const REFUSALS = {
  limited: `Error:
Access to performance monitoring and observability operations is limited.
Consider adjusting /proc/sys/kernel/perf_event_paranoid setting to open
access to performance monitoring and observability operations for processes
without CAP_PERFMON, CAP_SYS_PTRACE or CAP_SYS_ADMIN Linux capability.`,
  gone: "Couldn't create thread/CPU maps: No such process",
}

/** A folder with a perf that fails so. */
function failingPerf(text: string): string {
  const folder = temporaryFolder()
  const path = join(folder, 'perf')
  writeFileSync(path, `#!/bin/sh\ncat >&2 <<'END'\n${text}\nEND\nexit 255\n`)
  chmodSync(path, 0o755)
  return folder
}

const profile = (path: string, ...args: string[]) =>
  run(['profile', String(process.pid), '--native', '-s', '0.5', ...args], {
    env: { PATH: path },
    cwd: temporaryFolder(),
  })

it('says in a line why perf cannot be used', async () => {
  const missing = await profile(temporaryFolder())
  expect(missing).toMatchObject({ code: 1, output: '' })
  expect(missing.errors).toMatch(/\nthreadmeter: perf cannot be used: it is not installed\n$/)
  const limited = await profile(`${failingPerf(REFUSALS.limited)}:${process.env.PATH}`)
  expect(limited.code).toBe(1)
  expect(limited.errors).toMatch(
    /\nthreadmeter: perf cannot be used: it may not be used here, by kernel\.perf_event_paranoid \(-?\d+\) or a container's seccomp profile: Access to performance monitoring and observability operations is limited\n$/,
  )
  const gone = await profile(`${failingPerf(REFUSALS.gone)}:${process.env.PATH}`)
  expect(gone.errors).toMatch(/: Couldn't create thread\/CPU maps: No such process\n$/)
})

it('goes without the names of threads that a stopped process does not tell', async () => {
  const { pid } = await stuckService({ main: 'idle' })
  process.kill(pid, 'SIGSTOP')
  const args = ['profile', String(pid), '--native', '-s', '30', '-F', 'folded', '-o', '-']
  const env = { PATH: temporaryFolder() }
  const { code, errors } = await run(args, { env })
  expect({ code, errors }).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/not installed\n$/),
  })
  const ended = new Running(args, { env })
  // What follows is the question for the names.
  await ended.untilError(/have no names/)
  ended.child.kill('SIGINT')
  expect((await ended.end()).code).toBe(130)
})

it('refuses what native frames have no place in', async () => {
  const cpuprofile = await profile('/nowhere', '-F', 'cpuprofile')
  expect(cpuprofile.code).toBe(2)
  expect(cpuprofile.errors).toMatch(
    /^threadmeter profile: cpuprofile has no place for native frames/,
  )
  const thread = await run(['profile', String(process.pid), 'main', '--native'])
  expect(thread).toMatchObject({ code: 2, errors: expect.stringContaining('all threads at once') })
})
