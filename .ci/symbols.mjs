// Checks what each addon in prebuilds/, or in the folder given, asks of its host. All of it must exist,
// without a version, in every glibc and musl: one file then serves them all. Prints the offender and
// fails otherwise.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readElf } from './elf.mjs'
import { inRoot } from './files.mjs'

// Found in glibc from 2.17 on (in its libpthread and libdl too, which Node loads) and in musl.
const LIBC = new Set([
  '__errno_location',
  'abort',
  'clock_gettime',
  'close',
  'dl_iterate_phdr',
  'dlsym',
  'fallocate',
  'flock',
  'free',
  'getpid',
  'getrlimit',
  'getrusage',
  'lseek',
  'malloc',
  'memchr',
  'memcmp',
  'memcpy',
  'memmove',
  'memset',
  'mmap',
  'munmap',
  'open',
  'openat',
  'prctl',
  'pread',
  'pthread_key_create',
  'pthread_mutex_init',
  'pthread_mutex_lock',
  'pthread_mutex_unlock',
  'pthread_once',
  'pthread_setspecific',
  'read',
  'readlink',
  'snprintf',
  'strcmp',
  'strerror',
  'strlen',
  'strstr',
  'syscall',
  'sysconf',
])

const ENTRY_POINTS = new Set(['napi_register_module_v1', 'node_api_module_get_api_version_v1'])

const isAllowed = (name) => name.startsWith('napi_') || LIBC.has(name)

function offences(arch, elf) {
  const wrong = []
  if (elf.arch !== arch) wrong.push(`is for ${elf.arch}`)
  for (const library of elf.needed) wrong.push(`needs the library ${library}`)
  if (elf.searchPaths > 0) wrong.push('has a library search path')
  if (elf.hasVersions) wrong.push('needs versioned symbols')
  for (const name of elf.undefined) if (!isAllowed(name)) wrong.push(`needs the symbol ${name}`)
  for (const name of elf.defined) if (!ENTRY_POINTS.has(name)) wrong.push(`exports ${name}`)
  for (const name of ENTRY_POINTS) {
    if (!elf.defined.includes(name)) wrong.push(`does not export ${name}`)
  }
  return wrong
}

const folder = process.argv[2] ?? inRoot('prebuilds')
for (const platform of readdirSync(folder)) {
  const arch = platform.replace(/^linux-/, '')
  for (const file of readdirSync(join(folder, platform))) {
    const elf = readElf(readFileSync(join(folder, platform, file)))
    const path = join(platform, file)
    const wrong = offences(arch, elf)
    for (const offence of wrong) console.error(`${path} ${offence}`)
    if (wrong.length > 0) process.exitCode = 1
    else console.log(`${path}: ${elf.undefined.length} symbols, all allowed`)
  }
}
