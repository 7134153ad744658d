// What the page uses of a browser. TypeScript's own declarations of it would hold for the whole project,
// where there is no browser. Nothing here is left when this is compiled.

export interface Rectangle {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface UserEvent {
  readonly target: unknown
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  readonly clientX: number
  readonly clientY: number
  preventDefault(): void
}

export interface Canvas2D {
  fillStyle: string
  strokeStyle: string
  lineWidth: number
  font: string
  textBaseline: string
  globalAlpha: number
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void
  clearRect(x: number, y: number, width: number, height: number): void
  fillRect(x: number, y: number, width: number, height: number): void
  strokeRect(x: number, y: number, width: number, height: number): void
  fillText(text: string, x: number, y: number, mostWidth?: number): void
  measureText(text: string): { readonly width: number }
}

export interface PageElement {
  textContent: string
  hidden: boolean
  title: string
  className: string
  value: string
  checked: boolean
  disabled: boolean
  type: string
  width: number
  height: number
  scrollTop: number
  readonly clientWidth: number
  readonly clientHeight: number
  readonly offsetWidth: number
  readonly offsetHeight: number
  readonly style: { [property: string]: string }
  readonly dataset: { [name: string]: string | undefined }
  readonly classList: { toggle(name: string, on: boolean): void }
  append(...children: (PageElement | string)[]): void
  replaceChildren(...children: (PageElement | string)[]): void
  setAttribute(name: string, value: string): void
  addEventListener(type: string, listener: (event: UserEvent) => void): void
  getBoundingClientRect(): Rectangle
  getContext(type: '2d'): Canvas2D
  closest(selector: string): PageElement | null
  focus(): void
  select(): void
}

export declare const document: {
  readonly documentElement: PageElement
  readonly activeElement: unknown
  getElementById(id: string): PageElement | null
  createElement(name: string): PageElement
  addEventListener(type: string, listener: (event: UserEvent) => void): void
}

export declare const window: {
  readonly devicePixelRatio: number
  readonly innerWidth: number
  readonly innerHeight: number
}

export declare function getComputedStyle(element: PageElement): {
  getPropertyValue(name: string): string
}

export declare function matchMedia(query: string): {
  addEventListener(type: 'change', listener: () => void): void
}

export declare function requestAnimationFrame(callback: () => void): number

export declare class ResizeObserver {
  constructor(listener: () => void)
  observe(element: PageElement): void
}
