import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { expect, it } from 'vitest'
import { doorOfTest, echo, INFO } from './door-running.js'

// Leave to be another user is asked for in vitest.config.ts.
it('is refused to another user, by its directory and by its own mode', async () => {
  const { path } = await doorOfTest(echo)
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'curl', '-sS']
  const ask = () => {
    const args = ['--unix-socket', path, 'http://x/v1', '-m', '5']
    return spawnSync('setpriv', [...asNobody, ...args], {
      encoding: 'utf8',
    })
  }
  expect(ask()).toMatchObject({ status: 7, stdout: '' })
  const directory = path.slice(0, path.lastIndexOf('/'))
  chmodSync(directory, 0o755)
  expect(ask()).toMatchObject({ status: 7, stdout: '' })
  // Without either there is nothing else that would refuse.
  chmodSync(path, 0o666)
  const answer = spawn('setpriv', [...asNobody, '--unix-socket', path, 'http://x/v1'])
  const [text] = await once(answer.stdout, 'data')
  expect(JSON.parse(String(text))).toEqual(INFO)
})
