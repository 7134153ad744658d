import type { HeapProfileFormat, ProfileFormat } from '../../diagnostics/formats/formats.js'
import { type CommandInput, choiceOption, UsageError } from '../command.js'

/** How a profile can be written. */
export type FileFormat = ProfileFormat | HeapProfileFormat

interface FileKind {
  /** What ends its name. */
  readonly ending: string
  /** What reads it. */
  readonly readers: string
  /** Whether several threads go into one. */
  readonly merges: boolean
}

const V8_READERS = "Chrome's DevTools, VS Code, speedscope"

export const FILE_KINDS: Readonly<Record<FileFormat, FileKind>> = {
  cpuprofile: { ending: '.cpuprofile', readers: V8_READERS, merges: false },
  heapprofile: { ending: '.heapprofile', readers: V8_READERS, merges: false },
  html: { ending: '.html', readers: 'any browser', merges: true },
  speedscope: { ending: '.speedscope.json', readers: 'speedscope', merges: false },
  pprof: { ending: '.pb.gz', readers: 'go tool pprof, Pyroscope', merges: false },
  folded: { ending: '.folded', readers: 'flamegraph.pl, inferno, speedscope', merges: true },
}

/** The format that is wished for; `--open` shows HTML. */
export function formatOption<Format extends FileFormat>(
  input: CommandInput,
  formats: readonly Format[],
  fallback: Format,
): Format {
  const { open, format } = input.options
  if (open === true && format !== undefined && format !== 'html') {
    throw new UsageError(`--open shows html, not ${format}`)
  }
  return choiceOption(input, 'format', formats, open === true ? ('html' as Format) : fallback)
}
