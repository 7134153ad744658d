// Checks what `npm pack` would publish: every module of lib/ with what it compiles to (the maps of
// dist/ lead there), the pages that the README leads to, the native sources, the prebuilt addons, and
// nothing else.
import { spawnSync } from 'node:child_process'
import { basename, relative } from 'node:path'
import { filesIn, inRoot, ROOT } from './files.mjs'

const ALLOWED = ['CHANGELOG.md', 'LICENSE', 'README.md', 'binding.gyp', 'package.json']

function expected() {
  const modules = filesIn(inRoot('lib')).map((file) => relative(inRoot('lib'), file))
  const compiled = modules
    .map((file) => `dist/${file.replace(/\.ts$/, '')}`)
    .flatMap((stem) => ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => stem + ending))
  const sources = ['lib', 'native']
    .flatMap((folder) => filesIn(inRoot(folder)))
    .filter((file) => !basename(file).startsWith('.'))
    .map((file) => relative(ROOT, file))
  const pages = filesIn(inRoot('docs'))
    .filter((file) => /\.(md|svg)$/.test(file))
    .map((file) => relative(ROOT, file))
  const prebuilds = ['x64', 'arm64'].map((arch) => `prebuilds/linux-${arch}/threadmeter.node`)
  return new Set([...ALLOWED, ...compiled, ...sources, ...pages, ...prebuilds])
}

const pack = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: ROOT,
  encoding: 'utf8',
})
if (pack.status !== 0) throw new Error(pack.stderr)
const [{ files, size, unpackedSize }] = JSON.parse(pack.stdout)
const packed = new Set(files.map(({ path }) => path))
const wanted = expected()
const wrong = [
  ...[...packed].filter((path) => !wanted.has(path)).map((path) => `${path} is packed`),
  ...[...wanted].filter((path) => !packed.has(path)).map((path) => `${path} is not packed`),
]
for (const line of wrong) console.error(line)
if (wrong.length > 0) process.exitCode = 1
else console.log(`${packed.size} files, ${size} bytes packed, ${unpackedSize} bytes unpacked`)
