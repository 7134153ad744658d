import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** A limit on the memory of a group of processes, and what is left below it. */
export interface MemoryLimit {
  /** The file that says so. */
  readonly source: string
  readonly limitBytes: number
  /** Below the limit, and what the kernel would give up of files that it has read. */
  readonly availableBytes: number
}

interface Hierarchy {
  /** Where the group's own directory is, and the top of what can be seen of the hierarchy. */
  readonly directory: string
  readonly top: string
  readonly files: typeof V1 | typeof V2
}

const V2 = {
  limits: ['memory.max', 'memory.high'],
  usage: 'memory.current',
  inactiveFile: 'inactive_file',
}
const V1 = {
  limits: ['memory.limit_in_bytes'],
  usage: 'memory.usage_in_bytes',
  inactiveFile: 'total_inactive_file',
}

// A v1 group without a limit shows the largest number of pages that a counter holds.
const NO_LIMIT = 2 ** 60

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

function bytesIn(path: string): number | undefined {
  const bytes = Number.parseInt(read(path) ?? '', 10)
  return Number.isNaN(bytes) || bytes >= NO_LIMIT ? undefined : bytes
}

/** The lines of cgroups(7)'s file: `<id>:<controllers>:<path>`, the id of v2 is 0. */
function groupPaths(text: string): { v2: string | undefined; v1: string | undefined } {
  const entries = text.split('\n').map((line) => {
    const [id, controllers, ...path] = line.split(':')
    return { id, controllers: controllers?.split(',') ?? [], path: path.join(':') }
  })
  return {
    v2: entries.find(({ id }) => id === '0')?.path,
    v1: entries.find(({ controllers }) => controllers.includes('memory'))?.path,
  }
}

interface Mount {
  /** The directory of the filesystem that is mounted. */
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

const octal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)))

/** proc_pid_mountinfo(5): the fields behind ` - ` are the type, the source and the options. */
function mounts(text: string): Mount[] {
  return text
    .split('\n')
    .filter((line) => line.includes(' - '))
    .map((line) => {
      const [front = '', back = ''] = line.split(' - ')
      const fields = front.split(' ')
      const [type = '', , options = ''] = back.split(' ')
      return {
        root: octal(fields[3] ?? '/'),
        point: octal(fields[4] ?? '/'),
        type,
        options: options.split(','),
      }
    })
}

function hierarchy(
  root: string,
  mount: Mount | undefined,
  path: string | undefined,
  files: Hierarchy['files'],
): Hierarchy[] {
  if (mount === undefined || path === undefined) return []
  const inside = relative(mount.root, path)
  // A container may show its own group as the top, under a path that only the host knows.
  const below = inside.startsWith('..') ? '' : inside
  const top = join(root, mount.point)
  return [{ directory: join(top, below), top, files }]
}

function hierarchies(pid: number | 'self', root: string): Hierarchy[] {
  const paths = groupPaths(read(join(root, `/proc/${pid}/cgroup`)) ?? '')
  const mounted = mounts(read(join(root, `/proc/${pid}/mountinfo`)) ?? '')
  const v2 = mounted.find(({ type }) => type === 'cgroup2')
  const v1 = mounted.find(({ type, options }) => type === 'cgroup' && options.includes('memory'))
  return [...hierarchy(root, v2, paths.v2, V2), ...hierarchy(root, v1, paths.v1, V1)]
}

function inactiveFileBytes(directory: string, name: string): number {
  const line = read(join(directory, 'memory.stat'))
    ?.split('\n')
    .find((text) => text.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}

function limitsOf(directory: string, files: Hierarchy['files']): MemoryLimit[] {
  const used = bytesIn(join(directory, files.usage))
  if (used === undefined) return []
  return files.limits.flatMap((file) => {
    const source = join(directory, file)
    const limitBytes = bytesIn(source)
    if (limitBytes === undefined) return []
    // As kubelet counts: a group at its limit that holds pages of files is not out of memory.
    const needed = used - inactiveFileBytes(directory, files.inactiveFile)
    return [{ source, limitBytes, availableBytes: Math.max(0, limitBytes - needed) }]
  })
}

/**
 * The limits on the memory of a process: those of its control group and of all around it, in both versions
 * (cgroups(7)); empty where there are none, or none can be seen. `root` stands before every path.
 */
export function memoryLimits(pid: number | 'self' = 'self', root = '/'): MemoryLimit[] {
  return hierarchies(pid, root).flatMap(({ directory, top, files }) => {
    const limits: MemoryLimit[] = []
    for (let group = directory; ; group = dirname(group)) {
      limits.push(...limitsOf(group, files))
      if (group === top || group.length <= top.length) return limits
    }
  })
}
