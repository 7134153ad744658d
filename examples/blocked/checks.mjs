// The worker that looks whether a text is a mail address, with an expression that should be another one.
import 'threadmeter/register'
import { parentPort } from 'node:worker_threads'
import { setThreadName } from 'threadmeter'

// Node 20 tells no worker its name.
setThreadName('checks')

// Each letter can belong to either +: twice as many ways to fail with each of them.
const MAIL = /^([a-z0-9]+\.?)+@example\.org$/

function isMail(text) {
  return MAIL.test(text)
}

parentPort.on('message', ({ mail, port }) => port.postMessage(isMail(mail)))
