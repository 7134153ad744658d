/** The helper's own thread, in processes that do not observe. */
import { workerData } from 'node:worker_threads'
import { native } from '../../native.js'
import type { HelperData } from './messages.js'
import { begin } from './thread.js'

native?.takeObserverRole()
// As much of the worker's name as the kernel keeps, also where Node does not tell it.
native?.setThreadName('threadmeter-dia')
await begin(workerData as HelperData)
