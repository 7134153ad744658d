/** How a CPU profile can be written. */
export const PROFILE_FORMATS = ['cpuprofile', 'html', 'speedscope', 'pprof', 'folded'] as const

export type ProfileFormat = (typeof PROFILE_FORMATS)[number]
