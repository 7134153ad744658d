import type { TreeFrame } from '../formats/stack-tree.js'
import { v8Frame } from '../formats/v8-frame.js'

// What V8 writes before the functions of its perf map, and in which tier they are compiled: `~` interpreted,
// `^` Sparkplug, `+` Maglev, `*` Turbofan, a `'` where the code depends on the context, from Node 26 on an `o` where it
// replaces a loop that runs.
const JAVASCRIPT = /^(?:JS|LazyCompile|Function|Eval|Script):(?:o?[~^+*]'?)?(.*)$/s

const REG_EXP = /^RegExp(?:\.>)?:? ?(?:src: ?)?(.*)$/s

const PLACE = /^(.*?)(?:^|\s)((?:[a-z][\w+.-]*:|\/).*):(\d+):(\d+)$/s

// Code without a URL: `evalmachine.<anonymous>:1:1`.
const WORD_PLACE = /^(?:(.*)\s)?(\S+):(\d+):(\d+)$/s

const NO_PLACE = { file: '', lineNumber: 0, columnNumber: 0 } as const

function functionAt(text: string): TreeFrame {
  const found = PLACE.exec(text) ?? WORD_PLACE.exec(text)
  if (found === null) {
    return { functionName: text.trim() || '(anonymous)', ...NO_PLACE, category: 'js' }
  }
  const [, name = '', url = '', line, column] = found
  // V8's frames count from 0.
  return v8Frame({
    functionName: name.trim(),
    scriptId: '0',
    url,
    lineNumber: Number(line) - 1,
    columnNumber: Number(column) - 1,
  })
}

/** A frame of what `--perf-basic-prof` names; undefined for what is not V8's. */
export function jsFrame(symbol: string): TreeFrame | undefined {
  const text = JAVASCRIPT.exec(symbol)?.[1]
  if (text !== undefined) return functionAt(text)
  const source = symbol.startsWith('RegExp') ? REG_EXP.exec(symbol)?.[1] : undefined
  if (source !== undefined) {
    return { functionName: `RegExp: ${source}`, ...NO_PLACE, category: 'js' }
  }
  const generated = /^(?:Builtin|BytecodeHandler|Stub|Handler):(.+)$/s.exec(symbol)?.[1]
  if (generated === undefined) return undefined
  return { functionName: generated, ...NO_PLACE, category: 'native' }
}
