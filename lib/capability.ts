/** Whether one thing can be had on this host, and why not where it cannot. */
export type Capability =
  | { readonly available: true; readonly source: string }
  | { readonly available: false; readonly reason: string }

export const available = (source: string): Capability => ({ available: true, source })
export const missing = (reason: string): Capability => ({ available: false, reason })

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
