import { spawnSync } from 'node:child_process'
import { configDefaults, defineConfig } from 'vitest/config'

interface Need {
  readonly what: string
  /** A command that succeeds where the tests can run. */
  readonly probe: readonly string[]
  readonly tests: readonly string[]
  /** Whether no package brings it: left out on any machine that refuses it. */
  readonly isGranted?: boolean
}

const IN_CHROMIUM = ['test/diagnostics/{flame-graph,flame-scale,formats-viewers}.test.ts']

const NAMESPACES = ['--mount', '--pid', '--fork', '--mount-proc', 'true']

// What a machine may lack on which all else can be tested.
const NEEDS: readonly Need[] = [
  {
    what: 'prometheus and promtool',
    probe: ['promtool', '--version'],
    tests: ['test/prometheus/**', 'test/proof/prometheus-cluster.test.ts'],
  },
  {
    what: 'python3',
    probe: ['python3', '--version'],
    tests: ['test/meter/meter-files.test.ts'],
  },
  {
    what: 'chromium',
    probe: ['chromium', '--version'],
    tests: IN_CHROMIUM,
  },
  {
    what: 'leave to use perf',
    probe: ['perf', 'record', '-q', '-F', '99', '-g', '-o', '/dev/null', '--', 'true'],
    tests: ['test/diagnostics/perf-profile.test.ts'],
    isGranted: true,
  },
  {
    what: 'zsh and fish',
    probe: ['sh', '-c', 'zsh -fc true && fish --no-config -c true'],
    tests: ['test/cli/completion-shells.test.ts'],
  },
  { what: 'top', probe: ['top', '-b', '-n1'], tests: ['test/cpu/top.test.ts'] },
  {
    what: 'leave to be another user, and curl',
    probe: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'curl', '--version'],
    tests: ['test/diagnostics/door-user.test.ts'],
  },
  { what: 'curl', probe: ['curl', '--version'], tests: ['test/diagnostics/door-docs.test.ts'] },
  {
    what: 'leave to unshare namespaces',
    probe: process.getuid?.() === 0 ? ['unshare', ...NAMESPACES] : ['unshare', '-r', ...NAMESPACES],
    tests: [
      ...['procfs', 'read-only', 'tid-reuse', 'other-namespace', 'meter-tmpfs'].map(
        (name) => `test/hazards/${name}.test.ts`,
      ),
      'test/cli/namespaces.test.ts',
      'test/diagnostics/door-namespaces.test.ts',
    ],
  },
]

/** Where everything has to be there, nothing is left out that could be; never in silence. */
function leftOut(): string[] {
  return NEEDS.filter(({ what, probe: [command, ...args], tests, isGranted }) => {
    if (process.env.CI && !isGranted) return false
    const lacking = spawnSync(command as string, args, { stdio: 'ignore' }).status !== 0
    if (lacking) console.warn(`[test] left out, for want of ${what}: ${tests.join(', ')}`)
    return lacking
  }).flatMap(({ tests }) => tests)
}

const ALL = ['test/**/*.test.ts']

// These ask what is computed, not how long it takes or on which processor.
const TIMELESS = [
  'test/docs/examples.test.ts',
  'test/{exposition,metrics,package}/**/*.test.ts',
  'test/meter/!(merge-cost).test.ts',
]

// The same with any Node, or long: `--project '!campaigns*'` leaves them out.
const CAMPAIGNS = [
  'test/proof/{kill,stuck}.test.ts',
  'test/examples/pool-{lines,screen}.test.ts',
  // A debugging port is the same for all processes.
  'test/cli/attach.test.ts',
  // What it shows of a thread that wants a processor depends on who else does.
  'test/docs/my-service-hangs.test.ts',
  ...IN_CHROMIUM,
]
const PATIENT_CAMPAIGNS = [
  'test/proof/{diagnostics-*,prometheus-cluster}.test.ts',
  'test/cli/{completion,completion-shells,documented}.test.ts',
]

// These wait for programs of their own more than they work, and compare nothing with a clock of theirs.
const PATIENT = [
  // Those left out compare what threads use with what others do, or with the time that has passed.
  'test/diagnostics/!(capture-cpu-profile|capture-stack|states|triggers-conditions|triggers-cost).test.ts',
  'test/{observer,register}/**/*.test.ts',
  'test/hazards/!(contention|descriptors|leak).test.ts',
  'test/cli/{perf-unavailable,endings,gc,heap,profile,ps,stack,usage}.test.ts',
  'test/examples/{cluster,programs}.test.ts',
]

const exclude = [...configDefaults.exclude, ...leftOut()]
const common = {
  root: new URL('..', import.meta.url).pathname,
  pool: 'forks',
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const

export default defineConfig({
  test: {
    ...common,
    projects: [
      {
        test: {
          ...common,
          name: 'side by side',
          include: TIMELESS,
          exclude,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'three at once',
          include: PATIENT,
          exclude: [...exclude, ...CAMPAIGNS, ...PATIENT_CAMPAIGNS],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // These burn processors on purpose, and would starve each other.
        test: {
          ...common,
          name: 'one by one',
          include: ALL,
          exclude: [...exclude, ...TIMELESS, ...PATIENT, ...CAMPAIGNS, ...PATIENT_CAMPAIGNS],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...common,
          name: 'campaigns in pairs',
          include: PATIENT_CAMPAIGNS,
          exclude,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...common,
          name: 'campaigns',
          include: CAMPAIGNS,
          exclude,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
