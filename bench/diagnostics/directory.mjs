// Where all processes of the benchmark leave their files, and have their sockets; to be imported before
// threadmeter, which looks at its environment when it is loaded.
import { mkdtempSync, rmSync } from 'node:fs'

export const directory = mkdtempSync('/dev/shm/threadmeter-bench-')

process.env.THREADMETER_DIR = `${directory}/service`
process.env.THREADMETER_SERVE = 'off'
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

let files = 0

export const newFile = (name) => `${directory}/${++files}-${name}`
