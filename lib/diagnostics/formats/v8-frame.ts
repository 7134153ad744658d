import { fileURLToPath } from 'node:url'
import type { ProfileNode } from '../model.js'
import type { FrameCategory, TreeFrame } from './stack-tree.js'

const META: Readonly<Record<string, FrameCategory>> = {
  '(root)': 'program',
  '(program)': 'program',
  '(idle)': 'idle',
  '(garbage collector)': 'gc',
}

/** The path of a file URL; of all else, what it says. */
function fileOf(url: string): string {
  if (!url.startsWith('file://')) return url
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}

/** V8 counts lines from 0, and says -1 of functions that have no source. */
const fromOne = (zeroBased: number): number => Math.max(zeroBased + 1, 0)

function categoryOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): FrameCategory {
  if (url.startsWith('node:')) return 'node'
  if (url !== '') return 'js'
  const meta = Object.hasOwn(META, functionName) ? META[functionName] : undefined
  if (meta !== undefined) return meta
  // Code from eval has no URL either, but lines; built-ins and the addons' functions have none.
  return lineNumber >= 0 ? 'js' : 'native'
}

/** V8 has no name for functions without one, nor for a module's own code, which begins its file. */
function nameOf({ functionName, url, lineNumber, columnNumber }: ProfileNode['callFrame']): string {
  if (functionName !== '') return functionName
  const isWholeFile = url !== '' && lineNumber <= 0 && columnNumber <= 0
  return isWholeFile ? '(top level)' : '(anonymous)'
}

/** A frame of V8's profiles. */
export function v8Frame(callFrame: ProfileNode['callFrame']): TreeFrame {
  return {
    functionName: nameOf(callFrame),
    file: fileOf(callFrame.url),
    lineNumber: fromOne(callFrame.lineNumber),
    columnNumber: fromOne(callFrame.columnNumber),
    category: categoryOf(callFrame),
  }
}
