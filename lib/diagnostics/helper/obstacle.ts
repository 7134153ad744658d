/** Why no thread of this process can be captured, as far as can be told before anything is tried. */
export function obstacle(): string | undefined {
  if (!process.features.inspector) return 'this Node.js was built without the inspector'
  const { permission } = process
  if (permission === undefined) return undefined
  if (!permission.has('worker')) return 'the permission model forbids threads (--allow-worker)'
  if (permission.has('inspector')) return undefined
  return 'the permission model forbids the inspector (--allow-inspector, where there is that)'
}
