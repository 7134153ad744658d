import { it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineApp } from './engine-app.js'
it.each(['process.reallyExit(3)'])('%s', async (line) => {
  for (let i = 0; i < 4; i++) {
  const app = await EngineApp.start({ workers: [{ name: 'one', state: 'spin' }] })
  setTimeout(() => app.say(line), 200 + i * 17)
  const t = performance.now()
  let n = 0
  void (async () => { for (;;) { n++; if ((await app.capture({ kind: 'stack', thread: 'all' })).end === undefined) break } })()
  const r = await Promise.race([app.ended, sleep(4000, 'HANG')])
  console.log(n, 'ended', r, performance.now() - t)
  }
})
