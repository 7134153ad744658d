/** What the helper's thread does. Nothing here may need another thread: that may be blocked. */
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../../capability.js'
import { openDoor } from '../door/server.js'
import { createTriggers } from '../triggers/watch.js'
import { doorInfo } from './door-info.js'
import { createEngine } from './engine.js'
import { HeldEngine } from './held-engine.js'
import { HelperLife, settledWithin } from './lifecycle.js'
import type { HelperData, HelperReport } from './messages.js'

/** For what was captured to reach those who asked, once there is no more to take from any thread. */
const ANSWERS_MS = 50

/** Where an answer ends, its last bytes go out within the turn after. */
async function handedOn(engine: HeldEngine): Promise<void> {
  await engine.idle()
  await setImmediate()
  await setImmediate()
}

async function end(life: HelperLife, engine: HeldEngine): Promise<void> {
  await life.end()
  await settledWithin(handedOn(engine), ANSWERS_MS)
  life.done()
}

async function open(
  engine: HeldEngine,
  life: HelperLife,
  path: string,
  program: string,
): Promise<void> {
  const triggers = createTriggers(engine, { lifecycle: life })
  try {
    const door = await openDoor(engine, path, doorInfo(program), { routes: triggers.routes })
    // An exit that began in the meantime has not found it.
    if (life.isEnding) await door.close()
  } catch (error) {
    await triggers.close()
    throw error
  }
}

/**
 * Starts the helper in this thread, which it keeps alive from then on. Never throws: the main thread is
 * told.
 */
export async function begin({ words, port, path, program }: HelperData): Promise<void> {
  const report = (message: HelperReport): void => port.postMessage(message)
  const life = new HelperLife(words)
  try {
    const engine = new HeldEngine(createEngine(life, { program }), life)
    port.on('message', () => end(life, engine))
    await open(engine, life, path, program)
    report({ kind: 'ready' })
  } catch (error) {
    report({ kind: 'failed', reason: messageOf(error) })
    port.close()
  }
}
