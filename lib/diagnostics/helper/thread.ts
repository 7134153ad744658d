/** What the helper's thread does. Nothing here may need another thread: that may be blocked. */
import { dirname } from 'node:path'
import { messageOf } from '../../capability.js'
import { removeStaleSockets } from '../door/stale-sockets.js'
import { Helper } from './helper.js'
import { HelperLife } from './lifecycle.js'
import type { HelperData, HelperReport, HostMessage } from './messages.js'

/** Whether triggers are asked for, which watch from the start. */
const hasTriggers = (): boolean => (process.env.THREADMETER_WHEN ?? '') !== ''

/**
 * Starts the helper in this thread, which it keeps alive from then on. Never throws: the main thread is
 * told.
 */
export async function begin({ words, port, path, program }: HelperData): Promise<void> {
  const report = (message: HelperReport): void => port.postMessage(message)
  const helper = new Helper(new HelperLife(words), program)
  port.on('message', (message: HostMessage) => {
    if (message === 'exit') void helper.end()
    // Where it cannot, the main thread sees that there is no socket.
    else void helper.listenAgain(path).catch(() => {})
  })
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
