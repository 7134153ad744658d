import { expect, test } from 'vitest'
import { resultOf } from './run.js'

interface Picture {
  pid: number
  isOwn: boolean
  workers: number[]
}

test('children by spawn, fork and cluster see themselves, and leave the parent as it was', async () => {
  const { parent, children, again } = await resultOf<{
    parent: Picture
    children: Picture[]
    again: Picture
  }>('children')
  expect(parent).toEqual({ pid: parent.pid, isOwn: true, workers: [1] })
  expect(children).toHaveLength(4)
  expect(new Set([parent, ...children].map(({ pid }) => pid)).size).toBe(5)
  for (const child of children) {
    expect(child).toEqual({ pid: child.pid, isOwn: true, workers: [1] })
  }
  expect(again).toEqual({ pid: parent.pid, isOwn: true, workers: [2] })
})
