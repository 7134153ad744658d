import { DEFAULT_HOST, DEFAULT_PORT } from '../../observer/options.js'
import type { Command } from '../command.js'

export const serve: Command = {
  summary: 'the observer of a service, as a process of its own',
  operands: '',
  maxOperands: 0,
  options: {
    dir: {
      type: 'string',
      short: 'd',
      value: 'DIR',
      completes: 'directory',
      help: 'the runtime directory of the service (default THREADMETER_DIR)',
    },
    port: {
      type: 'string',
      short: 'p',
      value: 'N',
      help: `TCP port, 0 for any that is free (default THREADMETER_PORT, else ${DEFAULT_PORT})`,
    },
    host: {
      type: 'string',
      value: 'HOST',
      help: `address to listen on (default THREADMETER_HOST, else ${DEFAULT_HOST})`,
    },
  },
  examples: [
    ['threadmeter serve --dir /dev/shm/my-service', 'serve /metrics and /threads of that service'],
    ['threadmeter serve --dir /dev/shm/my-service --host 0.0.0.0', 'to everybody who can connect'],
    ['THREADMETER_DIR=/dev/shm/my-service threadmeter serve', 'as in a unit of systemd'],
  ],
  notes: `The processes of the service find the directory in THREADMETER_DIR. It may be started before, after
or while the service runs, and be killed at any time: the next one goes on with its counters.
Ends with exit code 0 at SIGTERM or SIGINT.`,
  run: async (input) => (await import('./run.js')).runServe(input),
}
