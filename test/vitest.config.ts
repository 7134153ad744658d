import { spawnSync } from 'node:child_process'
import { configDefaults, defineConfig } from 'vitest/config'

interface Need {
  readonly what: string
  /** A command that succeeds where the tests can run. */
  readonly probe: readonly string[]
  readonly tests: readonly string[]
}

const NAMESPACES = ['--mount', '--pid', '--fork', '--mount-proc', 'true']

// What a machine may lack on which all else can be tested.
const NEEDS: readonly Need[] = [
  {
    what: 'prometheus and promtool',
    probe: ['promtool', '--version'],
    tests: ['test/prometheus/**'],
  },
  {
    what: 'python3',
    probe: ['python3', '--version'],
    tests: ['test/meter/meter-files.test.ts'],
  },
  { what: 'top', probe: ['top', '-b', '-n1'], tests: ['test/cpu/top.test.ts'] },
  {
    what: 'leave to unshare namespaces',
    probe: process.getuid?.() === 0 ? ['unshare', ...NAMESPACES] : ['unshare', '-r', ...NAMESPACES],
    tests: [
      ...['procfs', 'read-only', 'tid-reuse', 'other-namespace', 'meter-tmpfs'].map(
        (name) => `test/hazards/${name}.test.ts`,
      ),
      'test/cli/namespaces.test.ts',
    ],
  },
]

/** Nothing is left out where everything has to be there, and never in silence. */
function leftOut(): string[] {
  if (process.env.CI) return []
  return NEEDS.filter(({ what, probe: [command, ...args], tests }) => {
    const lacking = spawnSync(command as string, args, { stdio: 'ignore' }).status !== 0
    if (lacking) console.warn(`[test] left out, for want of ${what}: ${tests.join(', ')}`)
    return lacking
  }).flatMap(({ tests }) => tests)
}

// One file at a time: the tests burn processors on purpose, and would starve each other.
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...leftOut()],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
