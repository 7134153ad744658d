import { document, type PageElement } from './dom.js'

export function element(id: string): PageElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}

/** Texts are set as texts, never as markup: names of functions and files come from the program. */
export function make(
  name: string,
  className: string,
  ...children: (PageElement | string)[]
): PageElement {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}
