import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { writeTree } from '../../dist/diagnostics/formats/convert.js'
import { pathTo, type StackTree } from '../../dist/diagnostics/formats/stack-tree.js'
import { jsFrame } from '../../dist/diagnostics/perf/js-symbol.js'
import { PerfTree, treeFrame } from '../../dist/diagnostics/perf/perf-tree.js'
import { type PerfSample, PerfScriptParser } from '../../dist/diagnostics/perf/script-parser.js'

const recorded = (name: string): string =>
  readFileSync(new URL(`fixtures/perf/${name}.txt`, import.meta.url), 'utf8')

function parse(text: string): { samples: PerfSample[]; skipped: number } {
  const samples: PerfSample[] = []
  const parser = new PerfScriptParser((sample) => samples.push(sample))
  for (const line of text.split('\n')) parser.line(line)
  parser.end()
  return { samples, skipped: parser.skipped }
}

function treeOf(samples: readonly PerfSample[]): StackTree {
  const tree = new PerfTree(1000, (tid, comm) => `${comm} ${tid}`)
  for (const sample of samples) tree.add(sample)
  return tree.build()
}

const namesOf = (tree: StackTree, node: number): string[] =>
  pathTo(tree, node).map((at) => tree.frames[tree.nodeFrames[at] as number]?.functionName ?? '')

it.each(['with-names', 'without-names'])('reads every line of what perf printed: %s', (name) => {
  const text = recorded(name)
  const { samples, skipped } = parse(text)
  expect(skipped).toBe(0)
  const heads = text.match(/^\S.*\d:\s*$/gm) ?? []
  expect(samples).toHaveLength(heads.length)
  const calls = text.match(/^\t.*$/gm) ?? []
  expect(samples.reduce((sum, { frames }) => sum + frames.length, 0)).toBe(calls.length)
  // Written down again, they are what was read.
  const again = samples.flatMap(({ frames }) =>
    frames.map(({ address, symbol, dso }) => `\t${address.padStart(16)} ${symbol} (${dso})`),
  )
  expect(again).toEqual(calls)
})

it('makes a tower of each thread, from C++ through JavaScript to C++ and the kernel', () => {
  const { samples } = parse(recorded('with-names'))
  const tree = treeOf(samples)
  const roots = tree.parents.flatMap((parent, node) => (parent === -1 ? [node] : []))
  const told = new Set(samples.map(({ comm, tid }) => `${comm} ${tid}`))
  expect(new Set(roots.flatMap((root) => namesOf(tree, root)))).toEqual(told)
  expect(tree.weights).toEqual(samples.map(() => 1000))
  const stacks = tree.samples.map((node) => namesOf(tree, node).join(';'))
  expect(stacks).toContainEqual(
    expect.stringMatching(
      /^MainThread 4711;.*;node::Start;.*;Builtins_JSEntry;.*;listOnTimeout;.*;spin/,
    ),
  )
  const kernel = tree.frames.filter(({ category }) => category === 'kernel')
  expect(kernel.map(({ functionName }) => functionName)).toContain('do_syscall_64')
  expect(tree.frames).toContainEqual({
    functionName: 'spin',
    file: '/app/main.mjs',
    lineNumber: 4,
    columnNumber: 14,
    category: 'js',
  })
  // Where a register held no frame, there is no frame.
  expect(stacks.filter((stack) => /^[^;]*;\[unknown\];/.test(stack))).toEqual([])
  const folded = String(writeTree(tree, 'folded'))
  expect(folded).toContain('do_syscall_64_[k]')
  const weight = folded
    .trimEnd()
    .split('\n')
    .map((line) => Number(/\d+$/.exec(line)?.[0]))
  expect(weight.reduce((sum, each) => sum + each)).toBe(samples.length * 1000)
})

it('says that functions have no names where they have none', () => {
  const tree = treeOf(parse(recorded('without-names')).samples)
  const js = tree.frames.filter(({ category }) => category === 'js')
  expect(js.map(({ functionName }) => functionName)).toEqual(['(JavaScript without a name)'])
})

it('reads odd names', () => {
  const text = `
a 12 3.4 name 77 5.000001:${' '}
\t  1f operator()<int; char> (a, b) const (/opt/my (app)/lib x.so)
\t  20 [unknown] ([unknown])
\t  2a hot (inlined)
\tffffffffc0401234 nf_hook ([nf_tables])
\t  2b v8::(anonymous namespace)::Run (/usr/bin/node (deleted))
\t  2c not a frame

:-1 -1 no head

last  78 6.5:
\t  2d main (/usr/bin/node)`
  const { samples, skipped } = parse(text)
  expect(skipped).toBe(1)
  expect(samples.map(({ comm, tid, time }) => [comm, tid, time])).toEqual([
    ['a 12 3.4 name', 77, 5.000001],
    ['last', 78, 6.5],
  ])
  expect(samples[0]?.frames).toEqual([
    { address: '1f', symbol: 'operator()<int; char> (a, b) const', dso: '/opt/my (app)/lib x.so' },
    { address: '20', symbol: '[unknown]', dso: '[unknown]' },
    { address: '2a', symbol: 'hot', dso: '' },
    { address: 'ffffffffc0401234', symbol: 'nf_hook', dso: '[nf_tables]' },
    { address: '2b', symbol: 'v8::(anonymous namespace)::Run', dso: '/usr/bin/node' },
  ])
  const tree = treeOf(samples)
  const [first] = String(writeTree(tree, 'folded')).split('\n')
  // A semicolon would divide the frame.
  expect(first).toContain(';operator()<int:_char>_(a,_b)_const@/opt/my_(app)/lib_x.so 1000')
})

it.each([
  ['JS:*spin file:///app/my%20main.mjs:4:14', 'spin', '/app/my main.mjs', 4, 'js'],
  ["JS:*'total file:///app/main.mjs:5:19", 'total', '/app/main.mjs', 5, 'js'],
  ['JS:o*spin file:///app/main.mjs:5:14', 'spin', '/app/main.mjs', 5, 'js'],
  ['JS:~open file:///app/main.mjs:6:1', 'open', '/app/main.mjs', 6, 'js'],
  ['JS:~ file:///app/main.mjs:7:31', '(anonymous)', '/app/main.mjs', 7, 'js'],
  ['JS:^get size file:///app/main.mjs:9:3', 'get size', '/app/main.mjs', 9, 'js'],
  ['LazyCompile:*handle /srv/my app/server.js:10:20', 'handle', '/srv/my app/server.js', 10, 'js'],
  [
    'JS:+processTimers node:internal/timers:603:25',
    'processTimers',
    'node:internal/timers',
    603,
    'node',
  ],
  ['Script:~ file:///app/main.mjs:1:1', '(top level)', '/app/main.mjs', 1, 'js'],
  ['Eval:~ evalmachine.<anonymous>:1:1', '(top level)', 'evalmachine.<anonymous>', 1, 'js'],
  ['JS:~$& file:///app/main.mjs:1:9', '$&', '/app/main.mjs', 1, 'js'],
  ['JS:~', '(anonymous)', '', 0, 'js'],
  ['RegExp.> src: (b c)+d', 'RegExp: (b c)+d', '', 0, 'js'],
  ['Builtin:ArrayMap', 'ArrayMap', '', 0, 'native'],
] as const)('knows %s', (symbol, functionName, file, lineNumber, category) => {
  expect(jsFrame(symbol)).toMatchObject({ functionName, file, lineNumber, category })
})

it('tells the kernel, libraries and generated code apart', () => {
  const categoryOf = (address: string, symbol: string, dso: string) =>
    treeFrame({ address, symbol, dso }).category
  expect(categoryOf('ffffffff81000130', 'entry', '[kernel.kallsyms]')).toBe('kernel')
  expect(categoryOf('ffffffff81000130', '[unknown]', '[unknown]')).toBe('kernel')
  expect(categoryOf('1', 'f', '/lib/modules/6.1.0/x.ko.xz')).toBe('kernel')
  expect(categoryOf('84c', '__vdso_gettimeofday', '[vdso]')).toBe('native')
  expect(categoryOf('1', 'JS:notJs', '/usr/lib/libjs.so')).toBe('native')
  expect(categoryOf('7f1', '[unknown]', '//anon')).toBe('js')
  expect(categoryOf('7f1', '[unknown]', '/tmp/perf-12.map')).toBe('js')
})
