import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A TCP socket that waits for connections. */
export interface ListeningSocket {
  readonly inode: string
  /** To connect to: that of this machine where the socket listens on all. */
  readonly address: string
  readonly port: number
  /** Whether it listens on all addresses. */
  readonly isAny: boolean
}

// include/net/tcp_states.h
const LISTEN = '0A'

const COLUMNS = { local: 1, state: 3, inode: 9 } as const

const WORD = 8

/** The kernel prints addresses as words in the machine's own order of bytes; see proc_pid_net(5). */
function bytesOf(hex: string): number[] {
  const words = hex.match(new RegExp(`.{${WORD}}`, 'g')) ?? []
  return words.flatMap((word) => [...Buffer.from(word, 'hex').reverse()])
}

function addressOf(bytes: readonly number[], isAny: boolean): string {
  if (bytes.length === 4) return isAny ? '127.0.0.1' : bytes.join('.')
  if (isAny) return '[::1]'
  const groups = Array.from({ length: 8 }, (_, at) =>
    Buffer.from(bytes)
      .readUInt16BE(at * 2)
      .toString(16),
  )
  return `[${groups.join(':')}]`
}

function socketsIn(path: string): ListeningSocket[] {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch {
    // Without IPv6 there is no tcp6.
    return []
  }
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[COLUMNS.state] === LISTEN)
    .map((columns) => {
      const [address = '', port = ''] = (columns[COLUMNS.local] as string).split(':')
      const inode = columns[COLUMNS.inode] as string
      const bytes = bytesOf(address)
      const isAny = bytes.every((byte) => byte === 0)
      return { inode, address: addressOf(bytes, isAny), port: Number.parseInt(port, 16), isAny }
    })
}

/** All that wait for connections in the network namespace of a process. */
export const listeningAround = (pid: number): ListeningSocket[] => [
  ...socketsIn(`/proc/${pid}/net/tcp`),
  ...socketsIn(`/proc/${pid}/net/tcp6`),
]

function inodesOf(pid: number): Set<string> {
  const inodes = new Set<string>()
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
        if (inode !== undefined) inodes.add(inode)
      } catch {
        // Closed meanwhile.
      }
    }
  } catch {
    // Gone.
  }
  return inodes
}

/** The sockets on which the process itself waits for connections. */
export function listeningSockets(pid: number): ListeningSocket[] {
  const own = inodesOf(pid)
  return listeningAround(pid).filter(({ inode }) => own.has(inode))
}

/** The process that has a socket, as far as this user can see. */
export function holderOf(inode: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => inodesOf(pid).has(inode))
}
