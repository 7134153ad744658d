/**
 * What a thread is for. `main` and `worker` run JavaScript; `libuv` is the pool behind fs, dns, crypto
 * and zlib; `v8` compiles and collects garbage; `inspector` serves the debugger; `observer` is a
 * thread that monitors; `other` is what nothing tells, such as a native addon's own thread.
 */
export type ThreadRole = 'main' | 'worker' | 'libuv' | 'v8' | 'inspector' | 'observer' | 'other'

/** In the order of `Role` in native/roles.h. */
export const THREAD_ROLES: readonly ThreadRole[] = [
  'main',
  'worker',
  'libuv',
  'v8',
  'inspector',
  'observer',
  'other',
]
