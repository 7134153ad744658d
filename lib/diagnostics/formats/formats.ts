/** How a CPU profile can be written. */
export const PROFILE_FORMATS = ['cpuprofile', 'html', 'speedscope', 'pprof', 'folded'] as const

export type ProfileFormat = (typeof PROFILE_FORMATS)[number]

/** How a heap profile can be written. */
export const HEAP_PROFILE_FORMATS = [
  'heapprofile',
  'html',
  'speedscope',
  'pprof',
  'folded',
] as const

export type HeapProfileFormat = (typeof HEAP_PROFILE_FORMATS)[number]
