import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { refuseUnlessPrivate } from '../../meter/private-directory.js'
import { withAddress } from './socket-address.js'

/** A directory that anybody else could enter would give them a moment between bind(2) and chmod(2). */
function preparePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  refuseUnlessPrivate(directory)
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      // Out of descriptors, say: the connection is lost, the server goes on.
      server.on('error', () => {})
      resolve()
    })
    // A child of a cluster would otherwise listen through its primary. It binds within the call.
    withAddress(path, (address) => server.listen({ path: address, exclusive: true }))
  })
}

/**
 * Listens on a socket that is there, under its name, only once it can be connected to and by this user
 * alone. Rejects where the directory cannot be used.
 */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  const directory = dirname(path)
  preparePrivate(directory)
  const unfinished = join(directory, `.${basename(path)}`)
  rmSync(unfinished, { force: true })
  await listening(server, unfinished)
  chmodSync(unfinished, 0o600)
  renameSync(unfinished, path)
}
