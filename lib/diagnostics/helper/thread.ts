/** What the helper's thread does. Nothing here may need another thread: that may be blocked. */
import { dirname } from 'node:path'
import { messageOf } from '../../capability.js'
import { removeStaleSockets } from '../door/stale-sockets.js'
import { Helper } from './helper.js'
import { HelperLife } from './lifecycle.js'
import type { HelperData, HelperReport } from './messages.js'

/** Whether triggers are asked for, which watch from the start. */
const hasTriggers = (): boolean => (process.env.THREADMETER_WHEN ?? '') !== ''

/**
 * Starts the helper in this thread, which it keeps alive from then on. Never throws: the main thread is
 * told.
 */
export async function begin({ words, port, path, program }: HelperData): Promise<void> {
  const report = (message: HelperReport): void => port.postMessage(message)
  const helper = new Helper(new HelperLife(words), program)
  port.on('message', () => helper.end())
  try {
    await helper.listen(path)
    report({ kind: 'ready' })
    await removeStaleSockets(dirname(path))
    // Where it fails, whoever connects is told why.
    if (hasTriggers()) helper.load().catch(() => {})
  } catch (error) {
    report({ kind: 'failed', reason: messageOf(error) })
    port.close()
  }
}
