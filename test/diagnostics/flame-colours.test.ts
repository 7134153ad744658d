import { describe, expect, it } from 'vitest'
import { STYLE } from '../../dist/diagnostics/formats/flame-graph/style.js'

const GROUPS = [
  ...['app', 'packages', 'node', 'native', 'kernel', 'gc', 'program', 'idle'],
  ...Array.from({ length: 7 }, (_, at) => `package-${at + 1}`),
]

// WCAG 2.2, 1.4.3: of text to what is behind it.
const LEAST_CONTRAST = 4.5
// In OKLab, where about 0.02 between two areas side by side can just be seen.
const LEAST_DISTANCE = 0.035

type Triple = readonly [number, number, number]

/** Machado, Oliveira and Fernandes 2009, complete loss of one kind of cone; for linear sRGB. */
const VISIONS: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  trichromacy: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

type Colours = Readonly<Record<string, Triple>>

/** The colours of a part of the style, in linear sRGB. */
function coloursOf(style: string): Colours {
  const linear = (part: string): number => {
    const value = Number.parseInt(part, 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return Object.fromEntries(
    [...style.matchAll(/--([\w-]+):#(..)(..)(..);/g)].map(([, name, red, green, blue]) => [
      name as string,
      [linear(red as string), linear(green as string), linear(blue as string)] as const,
    ]),
  )
}

const inDark = STYLE.indexOf('@media (prefers-color-scheme:dark)')
const LIGHT = coloursOf(STYLE.slice(0, inDark))
const SCHEMES: Readonly<Record<string, Colours>> = {
  light: LIGHT,
  dark: { ...LIGHT, ...coloursOf(STYLE.slice(inDark)) },
}

const product = (row: Triple, [a, b, c]: Triple): number =>
  Math.max(row[0] * a + row[1] * b + row[2] * c, 0)

const LUMINANCE: Triple = [0.2126, 0.7152, 0.0722]

function contrast(one: Triple, other: Triple): number {
  const [dark, light] = [product(LUMINANCE, one), product(LUMINANCE, other)].sort((a, b) => a - b)
  return ((light as number) + 0.05) / ((dark as number) + 0.05)
}

/** bottosson.github.io/posts/oklab */
function oklab(colour: Triple): Triple {
  const l = Math.cbrt(product([0.4122214708, 0.5363325363, 0.0514459929], colour))
  const m = Math.cbrt(product([0.2119034982, 0.6806995451, 0.1073969566], colour))
  const s = Math.cbrt(product([0.0883024619, 0.2817188376, 0.6299787005], colour))
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

const distance = (one: Triple, other: Triple): number =>
  Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])

describe.each(Object.entries(SCHEMES))('in the %s scheme', (_, colours) => {
  it('names are legible on every colour', () => {
    const text = colours['on-frame'] as Triple
    const illegible = GROUPS.filter(
      (group) => contrast(text, colours[group] as Triple) < LEAST_CONTRAST,
    )
    expect(illegible).toEqual([])
  })

  it('texts are legible on what is behind them', () => {
    const pairs = [
      ['text', 'panel'],
      ['soft', 'panel'],
      ['soft', 'page'],
      ['soft', 'mark'],
      ['accent', 'panel'],
      ['warn', 'warn-back'],
    ] as const
    const illegible = pairs.filter(
      ([text, back]) => contrast(colours[text] as Triple, colours[back] as Triple) < LEAST_CONTRAST,
    )
    expect(illegible).toEqual([])
  })

  it.each(Object.entries(VISIONS))('colours differ with %s', (_, matrix) => {
    const seen = GROUPS.map((group) => {
      const colour = colours[group] as Triple
      const [red, green, blue] = matrix.map((row) => product(row, colour)) as number[]
      return oklab([red as number, green as number, blue as number])
    })
    const alike = GROUPS.flatMap((one, at) =>
      GROUPS.slice(at + 1)
        .map((other, after) => {
          const apart = distance(seen[at] as Triple, seen[at + 1 + after] as Triple)
          return { one, other, apart }
        })
        .filter(({ apart }) => apart < LEAST_DISTANCE),
    )
    expect(alike).toEqual([])
  })
})
