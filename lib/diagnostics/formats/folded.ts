import { pathTo, type StackTree, selfWeights, type TreeFrame } from './stack-tree.js'

/** `;` separates frames, a space the weight, a line feed stacks: none of them may be in a frame. */
const escaped = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, '_').replaceAll(';', ':')

function label({ functionName, file, lineNumber, category }: TreeFrame): string {
  const place = lineNumber > 0 ? `${file}:${lineNumber}` : file
  const name = place === '' ? functionName : `${functionName}@${place}`
  // flamegraph.pl knows the kernel's frames by this ending.
  return escaped(name) + (category === 'kernel' ? '_[k]' : '')
}

/**
 * Folded stacks, as flamegraph.pl and many others read them: a line for each stack, `outer;inner weight`,
 * in µs or bytes.
 */
export function folded(tree: StackTree): string {
  const labels = tree.frames.map(label)
  const { weights } = selfWeights(tree)
  const sums = new Map<string, number>()
  for (const [node, weight] of weights.entries()) {
    if (weight === 0) continue
    const stack = pathTo(tree, node)
      .map((at) => labels[tree.nodeFrames[at] as number])
      .join(';')
    sums.set(stack, (sums.get(stack) ?? 0) + weight)
  }
  return [...sums].map(([stack, weight]) => `${stack} ${Math.round(weight)}\n`).join('')
}
