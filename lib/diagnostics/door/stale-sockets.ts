import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { lifeOfProcess } from '../../meter/liveness.js'
import { processBehind } from './process-name.js'
import { withAddress } from './socket-address.js'

// A process that cannot be seen from here may be about to listen.
const LISTENS_WITHIN_MS = 60_000
// Many crashes may have left theirs: a part of them each time.
const MOST_AT_ONCE = 64

/** Whether the kernel says that nobody listens. A socket that cannot be reached may be listened on. */
function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    withAddress(path, (address) => {
      const socket = connect(address)
      const settle = (refused: boolean): void => {
        socket.destroy()
        resolve(refused)
      }
      socket.once('connect', () => settle(false))
      socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED'))
    })
  })
}

async function isOfDead(directory: string, name: string): Promise<boolean> {
  // What is not listened on yet has a dot in front.
  const process = processBehind(name.replace(/^\./, ''))
  if (process === undefined) return false
  const life = lifeOfProcess(process)
  if (life !== 'unknown') return life === 'dead'
  const path = join(directory, name)
  if (Date.now() - lstatSync(path).mtimeMs < LISTENS_WITHIN_MS) return false
  return isRefused(path)
}

/** Removes the sockets that processes left in a directory which were killed. Never throws. */
export async function removeStaleSockets(directory: string): Promise<void> {
  try {
    let removed = 0
    for (const name of readdirSync(directory)) {
      if (removed === MOST_AT_ONCE) return
      if (!(await isOfDead(directory, name))) continue
      unlinkSync(join(directory, name))
      removed++
    }
  } catch {
    // Others clean as well; what stays is looked at when the next one opens.
  }
}
