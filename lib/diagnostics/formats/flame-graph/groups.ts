import { type StackTree, selfWeights, type TreeFrame } from '../stack-tree.js'
import type { GroupKind, PageGroup } from './page/data.js'

// So many colours can be told from each other, and from those of the other groups.
const PACKAGE_COLOURS = 7

const LABELS: Readonly<Record<Exclude<GroupKind, 'package'>, string>> = {
  app: 'app',
  packages: 'other packages',
  node: 'Node.js internals',
  native: 'native and built-in',
  kernel: 'kernel',
  gc: 'garbage collection',
  program: 'outside JavaScript',
  idle: 'idle',
}

// The innermost package of a path counts: `a/node_modules/b/` belongs to b, as under pnpm's store.
const PACKAGE = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/s

/** The npm package that a file belongs to; null outside of `node_modules`. */
export const packageOf = (file: string): string | null =>
  PACKAGE.exec(file)?.[1]?.replace('\\', '/') ?? null

/** What a frame is counted to: a package's name, or a kind. */
function ownerOf({ category, file }: TreeFrame): { kind: GroupKind; name: string } {
  if (category !== 'js') return { kind: category, name: category }
  const name = packageOf(file)
  return name === null ? { kind: 'app', name: 'app' } : { kind: 'package', name }
}

/** The packages that used most themselves: those that get a colour each. */
function heaviest(tree: StackTree): string[] {
  const sums = new Map<string, number>()
  const owners = tree.frames.map(ownerOf)
  for (const [node, weight] of selfWeights(tree).weights.entries()) {
    const owner = owners[tree.nodeFrames[node] as number] as ReturnType<typeof ownerOf>
    if (owner.kind === 'package') sums.set(owner.name, (sums.get(owner.name) ?? 0) + weight)
  }
  return [...sums]
    .sort(([, one], [, other]) => other - one)
    .slice(0, PACKAGE_COLOURS)
    .map(([name]) => name)
}

export interface Grouping {
  readonly groups: readonly PageGroup[]
  /** The group of each frame. */
  readonly frameGroups: readonly number[]
}

/** Who the frames belong to, in the order of the legend: the app, packages, then what runs them. */
export function groupFrames(tree: StackTree): Grouping {
  const coloured = heaviest(tree)
  const all: PageGroup[] = [
    { kind: 'app', label: LABELS.app, colour: 'app' },
    ...coloured.map((label, index): PageGroup => {
      return { kind: 'package', label, colour: `package-${index + 1}` }
    }),
    ...(['packages', 'node', 'native', 'kernel', 'gc', 'program', 'idle'] as const).map((kind) => {
      return { kind, label: LABELS[kind], colour: kind }
    }),
  ]
  const indexOf = (frame: TreeFrame): number => {
    const { kind, name } = ownerOf(frame)
    if (kind !== 'package') return all.findIndex((group) => group.kind === kind)
    const own = coloured.indexOf(name)
    return own < 0 ? all.findIndex((group) => group.kind === 'packages') : own + 1
  }
  const indices = tree.frames.map(indexOf)
  const groups = all.filter((_, index) => indices.includes(index))
  return { groups, frameGroups: indices.map((index) => groups.indexOf(all[index] as PageGroup)) }
}
