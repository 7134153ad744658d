import { type Capability, messageOf, missing } from '../capability.js'
import { native, nativeError } from '../native.js'

let status: (() => Capability) | undefined

/** Notes who can tell what came of giving this thread a meter file. */
export function noteMeterFile(tell: () => Capability): void {
  status = tell
}

/** Whether the metrics of this thread are kept in a meter file, where an observer can read them. */
export function meterFiles(): Capability {
  if (native === undefined) {
    return missing(`the addon could not be loaded: ${messageOf(nativeError)}`)
  }
  return status?.() ?? missing('this thread has not been told to keep its metrics in a meter file')
}
