import { createHash } from "node:crypto"
import { style } from "../../html/style.ts"
import { markup, ours } from "../../markup.ts"
import type { Shown } from "./Board.ts"
import { script } from "./script.ts"

const liveStyle = `${style}
.status{background:var(--card);border:1px solid var(--line);border-left:6px solid var(--c0);border-radius:8px;padding:12px 14px;margin:16px 0}
.status.finished{border-left-color:var(--c2)}.status.diverged,.status.failed,.status.damaged{border-left-color:var(--bad)}
.status.waiting,.status.interrupted,.status.empty{border-left-color:var(--quiet)}
.status .state{margin:0 0 8px;max-width:none}
.status dl{display:flex;flex-wrap:wrap;gap:6px 28px;margin:10px 0 0}
dt{font-size:13px;color:var(--quiet)}dd{margin:0;font-variant-numeric:tabular-nums}
progress{width:100%;height:12px;accent-color:var(--c0);display:block}
td.says{min-width:240px}
td progress{width:110px;margin-top:5px}
[hidden]{display:none}
`

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** The page's own style and script, pictures within it, and what its own server sends; nothing else. */
export const policy = [
  "default-src 'none'",
  `style-src ${hashOf(liveStyle)}`,
  `script-src ${hashOf(script)}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join("; ")

const code = createHash("sha256").update(liveStyle).update(script).digest("hex").slice(0, 12)

/** Names what a page needs to show what is sent: one of another name has to be loaded anew. */
export const pageName = ({ kind, title }: Pick<Shown, "kind" | "title">): string =>
  `${kind} ${createHash("sha256").update(code).update(title).digest("hex").slice(0, 12)}`

/**
 * The page as it is now, as HTML that a server sends.
 *
 * @param since  what the first request for more names
 * @param now  milliseconds of the server's clock, by which the page tells how long ago something was
 */
export const livePage = (shown: Shown, since: string, now: number): string => {
  const { parts, title } = shown
  return markup`<!doctype html>
<html lang="en" data-page="${pageName(shown)}" data-since="${since}" data-now="${String(now)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${ours(liveStyle)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p id="gone" class="banner" role="status" hidden>Not connected: moco watch has ended, or cannot be reached. What stands below is from before; as soon as it runs again, this page goes on.</p>
<noscript><p class="banner note">This page is drawn once: without scripts it has to be loaded again to change.</p></noscript>
</header>
<main>
${parts.map(({ html, id }) => markup`<div id="part-${id}">${ours(html)}</div>\n`)}</main>
<footer>Drawn from the files on disk while they grow; nothing in them is changed.</footer>
<script>${ours(script)}</script>
</body>
</html>
`.text
}
