/** Why a meter file cannot be read. */
export type MeterFileReason =
  /** No file of that name. */
  | 'gone'
  /** The file cannot be opened or read. */
  | 'unreadable'
  /** A link, directory, pipe, socket or device. */
  | 'not-a-file'
  /** It belongs to another user than the directory's. */
  | 'foreign-owner'
  /** Not a meter file at all. */
  | 'foreign-format'
  | 'newer-version'
  /** It ends before its header says. */
  | 'truncated'
  | 'malformed'
  /** More than a reader takes in, see `LIMITS`. */
  | 'too-large'

/** A meter file cannot be read, or not further. */
export class MeterFileError extends Error {
  readonly reason: MeterFileReason
  readonly path: string

  constructor(reason: MeterFileReason, path: string, detail: string, cause?: unknown) {
    super(`${path}: ${detail}`, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.path = path
  }

  override get name(): string {
    return 'MeterFileError'
  }
}

const REASONS: Readonly<Record<string, MeterFileReason>> = {
  ENOENT: 'gone',
  ENOTDIR: 'gone',
  ESTALE: 'gone',
  ELOOP: 'not-a-file',
  EISDIR: 'not-a-file',
  ENXIO: 'not-a-file',
  ENODEV: 'not-a-file',
}

/** The error for one of the operating system. */
export function meterFileError(path: string, cause: unknown): MeterFileError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  return new MeterFileError(REASONS[code] ?? 'unreadable', path, message, cause)
}
