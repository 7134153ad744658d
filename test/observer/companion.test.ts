import type { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import type { Companion } from '../../dist/observer/companion.js'
import { Supervisor } from '../../dist/observer/supervisor.js'
import { runtimeDirectory } from './running.js'

/** One that cannot be imported, and what it is called for. */
class Missing implements Companion {
  readonly module = new URL('file:///nowhere/companion.js')
  equipped = 0
  left = 0

  equip() {
    this.equipped++
    return { data: null, transfer: [] }
  }

  leave() {
    this.left++
  }
}

it('a companion that cannot live beside the observer goes once, also when the observer comes again', async () => {
  const workers: Worker[] = []
  const note = (worker: Worker) => workers.push(worker)
  process.on('worker', note)
  onTestFinished(() => void process.off('worker', note))
  const companion = new Missing()
  const supervisor = new Supervisor(runtimeDirectory(), undefined, companion)
  onTestFinished(() => supervisor.close())
  await supervisor.start()
  await expect.poll(() => companion.left).toBe(1)
  await workers[0].terminate()
  // The next one answers.
  await supervisor.text()
  expect(workers.length).toBe(2)
  expect(companion).toMatchObject({ equipped: 1, left: 1 })
})
