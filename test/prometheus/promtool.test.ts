import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeClients } from '../adapters/prom-client/clients.js'
import { runTask } from '../adapters/tasks.js'

describeClients('promtool check metrics', ({ setUp }) => {
  it('has nothing to say', async () => {
    const { register } = setUp({ minInterval: 1 })
    await runTask('checked', 5)
    const promtool = spawnSync('promtool', ['check', 'metrics'], {
      input: await register.metrics(),
      encoding: 'utf8',
    })
    expect(promtool).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })
})

it('accepts the alerts of the documentation', () => {
  const page = readFileSync('docs/prometheus.md', 'utf8')
  const [, rules] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'threadmeter-rules-'))
  const file = join(folder, 'rules.yml')
  writeFileSync(file, rules as string)
  const promtool = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  expect(promtool.stdout + promtool.stderr).toContain('5 rules found')
  expect(promtool.status).toBe(0)
})
