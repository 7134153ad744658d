import { inspectorMissing } from '../channel/main-session.js'

/** Why no thread of this process can be captured, as far as can be told before anything is tried. */
export function obstacle(): string | null {
  const { permission } = process
  if (permission?.has('worker') === false) return 'the permission model needs --allow-worker'
  return inspectorMissing()
}
