import { createHash } from "node:crypto"
import { type Markup, markup, ours } from "../markup.ts"
import { style } from "./style.ts"

/** A part of a page. */
export interface Section {
  /** Of the address of the section within the page; of our own making. */
  readonly id: string
  readonly heading: string
  readonly body: Markup
}

/** A page that stands alone. */
interface Page {
  readonly title: string
  /** What stands under the title. */
  readonly subtitle: string
  /** What has to be known before anything else is read. */
  readonly banners: ReadonlyArray<Markup>
  /** What the sections draw upon, and nobody sees by itself. */
  readonly definitions?: Markup
  readonly sections: ReadonlyArray<Section>
  readonly footer: string
}

const styleHash = createHash("sha256").update(style).digest("base64")

/** Nothing is asked for, nothing is run, and only the page's own style and the pictures within it are shown. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`

/** The file of a page: HTML that opens from disk and asks for nothing. */
export const renderPage = (page: Page): string => {
  const { banners, definitions, footer, sections, subtitle, title } = page
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${ours(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${ours(style)}</style>
</head>
<body>
${definitions}
<header>
<h1>${title}</h1>
<p class="sub">${subtitle}</p>
<nav aria-label="sections">${sections.map(({ heading, id }) => markup`<a href="#${id}">${heading}</a>`)}</nav>
${banners}
</header>
<main>
${sections.map(
  ({ body, heading, id }) => markup`<section id="${id}">
<h2>${heading}</h2>
${body}
</section>
`
)}</main>
<footer>${footer}</footer>
</body>
</html>
`.text
}

/** A plot with its name above it, and below it how to read it; beside it where there is room and the plot is alone. */
export const card = (
  heading: string,
  chart: Markup,
  how: string | Markup,
  { isBeside = false }: { readonly isBeside?: boolean } = {}
): Markup =>
  markup`<figure class="card${isBeside ? " beside" : ""}"><h3>${heading}</h3>${chart}<figcaption class="how">${how}</figcaption></figure>`

export const cards = (all: ReadonlyArray<Markup>): Markup => markup`<div class="cards">${all}</div>`

/** A sentence in place of what there is nothing to show of. */
export const missing = (what: string): Markup => markup`<p class="quiet">${what}</p>`

/** Names beside what they are. */
export const facts = (rows: ReadonlyArray<readonly [name: string, value: string | Markup]>): Markup =>
  markup`<div class="scroll"><table class="facts"><tbody>${rows.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`
  )}</tbody></table></div>`

/** Rows under a head; the first column names the row, and `numbers` says which others are numbers. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  { areNumbers = false }: { readonly areNumbers?: boolean } = {}
): Markup => {
  const kind = areNumbers ? "number" : ""
  return markup`<div class="scroll"><table><thead><tr>${head.map(
    (name, i) => markup`<th scope="col" class="${i === 0 ? "" : kind}">${name}</th>`
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      markup`<tr>${row.map((value, i) =>
        i === 0 ? markup`<th scope="row">${value}</th>` : markup`<td class="${kind}">${value}</td>`
      )}</tr>`
  )}</tbody></table></div>`
}
