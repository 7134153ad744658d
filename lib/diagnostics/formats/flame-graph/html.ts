import { createHash } from 'node:crypto'
import type { StackTree } from '../stack-tree.js'
import { titleOf } from '../title.js'
import { pageData } from './data.js'
import { header } from './header.js'
import { escapeHtml, scriptJson } from './markup.js'
import { pageScript } from './script.js'
import { STYLE } from './style.js'

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23e69f00' d='M1 2h14v4H1z'/%3E%3Cpath fill='%23d55e00' d='M1 7h9v3H1z'/%3E%3Cpath fill='%230072b2' d='M1 11h5v3H1z'/%3E%3C/svg%3E"

const hash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing is fetched from anywhere, and no script runs but the page's own. */
const policy = (script: string): string =>
  [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(STYLE)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

const TOOLBAR = `<div class="field"><input id="search" type="search" placeholder="Search functions and files" aria-label="Search functions and files" aria-describedby="matched" autocomplete="off" spellcheck="false"><kbd aria-hidden="true">/</kbd></div>
<label class="choice" title="Search by regular expression"><input id="regex" type="checkbox"><span>Regex</span></label>
<button id="clear" hidden>Clear</button>
<output id="matched" aria-live="polite"></output>
<span class="space"></span>
<label class="choice only-time"><input id="idle" type="checkbox"><span>Idle time</span></label>
<label class="choice"><input id="flame" type="checkbox"><span>Root at bottom</span></label>
<button id="reset" disabled>Reset zoom <kbd aria-hidden="true">Esc</kbd></button>`

const COLUMN = (id: string, title: string): string =>
  `<th scope="col"><button id="by-${id}">${title}</button></th>`

const BODY = `<div class="toolbar" role="search">
${TOOLBAR}
</div>
<ul id="legend" aria-label="Colours, with shares of the profile"></ul>
<main>
<section class="graph" aria-label="Flame graph">
<nav aria-label="Zoom"><ol id="trail"></ol></nav>
<div id="graph">
<canvas id="canvas" tabindex="0" role="application" aria-label="Flame graph" aria-describedby="keys spoken"></canvas>
<div id="rows"></div>
</div>
<p id="keys" class="keys"><kbd>click</kbd> or <kbd>Enter</kbd> zooms, <kbd>Esc</kbd> resets, arrow keys move, <kbd>Backspace</kbd> zooms out, <kbd>/</kbd> searches</p>
<p id="spoken" class="unseen" aria-live="polite"></p>
</section>
<aside>
<section aria-label="Selected call"><div id="selected"></div></section>
<section class="functions" aria-label="Functions of the view">
<table>
<thead><tr>${COLUMN('name', 'Function')}${COLUMN('self', 'Self')}${COLUMN('total', 'Total')}</tr></thead>
<tbody id="functions"></tbody>
</table>
<p id="functions-note" hidden></p>
</section>
</aside>
</main>
<div id="tip" hidden aria-hidden="true"></div>
<noscript><p>The graph needs JavaScript; the page loads nothing from anywhere.</p></noscript>`

/**
 * A page that shows stacks as a flame graph: one file, which asks no network for anything and keeps every
 * name that comes from the program a text.
 */
export function flameGraph(tree: StackTree): string {
  const script = pageScript()
  return `<!doctype html>
<html lang="en" data-unit="${tree.unit}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(titleOf(tree))}</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<header>
${header(tree)}
</header>
${BODY}
<script type="application/json" id="data">${scriptJson(pageData(tree))}</script>
<script>${script}</script>
</body>
</html>
`
}
