import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installTarball, type Project, ROOT } from './installed.js'

interface Target {
  types: string
  default: string
}

const addonOf = (folder: string): string =>
  join(folder, 'prebuilds', `linux-${process.arch}`, 'threadmeter.node')

describe('installed from its tarball', () => {
  let project: Project
  let manifest: {
    exports: Record<string, Target | string>
    scripts: Record<string, string>
    dependencies: Record<string, string>
  }
  let subpaths: [string, Target][]

  beforeAll(async () => {
    project = await installTarball('@opentelemetry/api')
    manifest = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8'))
    subpaths = Object.entries(manifest.exports)
      .filter((entry): entry is [string, Target] => typeof entry[1] === 'object')
      .map(([subpath, target]) => [subpath.replace('.', 'threadmeter'), target])
  })

  afterAll(() => project.remove())

  it('runs nothing and compiles nothing when it is installed', () => {
    expect(existsSync(join(project.installed, 'binding.gyp'))).toBe(true)
    expect(existsSync(join(project.installed, 'build'))).toBe(false)
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
    expect(Object.keys(manifest.dependencies)).toEqual(['node-gyp-build', 'pprof-format'])
  })

  it('loads the addon that it ships', async () => {
    const report = JSON.parse(await project.run('addon-file.mjs'))
    expect(report.addon).toEqual({ available: true, source: 'Node-API addon' })
    expect(report.files).toEqual([addonOf(project.installed)])
  })

  it('is one instance with one registry for require() and import', async () => {
    const report = JSON.parse(await project.run('both.cjs'))
    expect(report.sameFunction).toBe(true)
    expect(report.sameNames).toBe(true)
    expect(report.required).toHaveLength(2)
    expect(report.required).toContainEqual(report.worker)
    expect(report.imported).toEqual(report.required)
  })

  it('imports every subpath', async () => {
    const names = subpaths.map(([subpath]) => subpath)
    expect(names).toContain('threadmeter')
    const reports = JSON.parse(await project.run('subpaths.mjs', { args: names }))
    for (const [index, [subpath, target]] of subpaths.entries()) {
      const { url, names: exported } = reports[index]
      expect(fileURLToPath(url), subpath).toBe(join(project.installed, target.default))
      // That one is imported for what it does.
      const isPreload = subpath === 'threadmeter/register'
      expect(exported.length > 0, subpath).toBe(!isPreload)
    }
  })

  it('has types for every subpath, without a need for skipLibCheck', () => {
    const imports = subpaths.map(([subpath], index) => `import * as m${index} from '${subpath}'`)
    const uses = subpaths.map((_, index) => `export const names${index} = Object.keys(m${index})`)
    // Were the import untyped, the error that is expected here would not be one.
    const wrong = '// @ts-expect-error not a string\nexport const wrong: string = m0.gettid()'
    writeFileSync(join(project.folder, 'use.mts'), [...imports, ...uses, wrong, ''].join('\n'))
    const config = {
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules', '@types')],
      },
      files: ['use.mts'],
    }
    writeFileSync(join(project.folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const check = () =>
      execFileSync(process.execPath, [tsc, '-p', project.folder], { encoding: 'utf8' })
    expect(check()).toBe('')
  })
})

describe('the checkout', () => {
  it('loads the shipped addon with PREBUILDS_ONLY=1, whatever was compiled', () => {
    const fixture = fileURLToPath(new URL('fixtures/addon-file.mjs', import.meta.url))
    const { NODE_OPTIONS, ...env } = process.env
    const output = execFileSync(process.execPath, [fixture], {
      env: { ...env, PREBUILDS_ONLY: '1' },
      encoding: 'utf8',
    })
    expect(JSON.parse(output).files).toEqual([addonOf(ROOT)])
  })
})
