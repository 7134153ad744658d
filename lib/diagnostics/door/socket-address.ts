import { closeSync, constants, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'

// sockaddr_un.sun_path holds 108 bytes with the NUL at its end, unix(7).
const LONGEST_ADDRESS = 107

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants

/**
 * Calls `use` with an address of the socket at `path` that is short enough for the kernel. It is valid
 * during that call only: bind(2) and connect(2) have to happen within it.
 */
export function withAddress<Result>(path: string, use: (address: string) => Result): Result {
  if (Buffer.byteLength(path) <= LONGEST_ADDRESS) return use(path)
  const fd = openSync(dirname(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    return use(`/proc/self/fd/${fd}/${basename(path)}`)
  } finally {
    closeSync(fd)
  }
}
