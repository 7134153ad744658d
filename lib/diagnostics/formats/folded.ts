import { pathTo, type StackTree, selfWeights, type TreeFrame } from './stack-tree.js'

/** `;` separates frames, a space the weight, a line feed stacks: none of them may be in a frame. */
const escaped = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, '_').replaceAll(';', ':')

function label({ functionName, file, lineNumber, category }: TreeFrame): string {
  const place = lineNumber > 0 ? `${file}:${lineNumber}` : file
  const name = place === '' ? functionName : `${functionName}@${place}`
  // flamegraph.pl knows the kernel's frames by this ending.
  return escaped(name) + (category === 'kernel' ? '_[k]' : '')
}

// A string of V8 holds about twice as many.
const LONGEST_STRING = 2 ** 28

/**
 * Folded stacks, as flamegraph.pl and many others read them: a line for each stack, `outer;inner weight`,
 * in µs or bytes. Bytes where a string would be too long.
 */
export function folded(tree: StackTree): string | Uint8Array {
  const labels = tree.frames.map(label)
  const { weights } = selfWeights(tree)
  const lines: Buffer[] = []
  let length = 0
  for (const [node, weight] of weights.entries()) {
    if (weight === 0) continue
    const stack = pathTo(tree, node)
      .map((at) => labels[tree.nodeFrames[at] as number])
      .join(';')
    const line = Buffer.from(`${stack} ${Math.round(weight)}\n`)
    length += line.length
    lines.push(line)
  }
  const all = Buffer.concat(lines, length)
  return length < LONGEST_STRING ? all.toString() : all
}
