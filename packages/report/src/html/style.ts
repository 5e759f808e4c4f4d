import { chartStyle, schemes } from "../charts/inline/style.ts"

const variables = (scheme: Readonly<Record<string, string>>) =>
  Object.entries(scheme)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";")

/** The style of every page: both colour schemes, from a phone's width to a screen's, and of the charts in it. */
export const style = `
:root{color-scheme:light dark;${variables(schemes.light)}}
@media (prefers-color-scheme:dark){:root{${variables(schemes.dark)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header,footer{max-width:1240px;margin:0 auto;padding:0 16px}
header{padding-top:20px}
h1{font-size:24px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:19px;margin:34px 0 6px;scroll-margin-top:10px}
h3{font-size:15px;margin:0 0 6px;overflow-wrap:anywhere}
p{margin:6px 0;max-width:78ch;overflow-wrap:anywhere}
li{overflow-wrap:anywhere}
a{color:var(--c0)}
.quiet{color:var(--quiet)}
.sub{color:var(--quiet);margin:0}
nav{margin:12px 0 0;display:flex;flex-wrap:wrap;gap:2px 16px;font-size:14px}
.banner{border:1px solid var(--bad);border-left-width:6px;background:var(--bad-ground);padding:10px 14px;margin:16px 0;border-radius:6px}
.banner.note{border-color:var(--c0);background:var(--note-ground)}
.banner p:first-child{margin-top:0;font-weight:600}
.banner p:last-child{margin-bottom:0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,350px),1fr));gap:14px;margin-top:10px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px;min-width:0}
figure{margin:0}
.wide-cards{display:grid;gap:14px;grid-template-columns:minmax(0,1fr)}
.beside{display:grid;gap:0 28px;margin-top:10px}
.beside h3{grid-column:1/-1}
@media (min-width:760px){.beside{grid-template-columns:minmax(0,520px) minmax(200px,1fr)}}
.how{font-size:14px;color:var(--quiet);line-height:1.45;margin:8px 0 0}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:5px 12px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th[scope=row]{min-width:130px}
th{font-weight:600}
thead th{vertical-align:bottom;color:var(--quiet);font-weight:500}
td.number,th.number{text-align:right;white-space:nowrap}
td.value{font-weight:600}
tr.group th{padding-top:14px;color:var(--quiet);font-weight:500}
.facts td{overflow-wrap:anywhere}
td .interval{min-width:84px;margin-left:auto}th.number,td .interval{white-space:normal}th.number{max-width:130px}
.interval{display:block;max-width:150px;color:var(--quiet);font-size:12px;font-weight:400}
.better{color:var(--c2)}.worse{color:var(--c1)}
code,pre{font:13px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px;overflow-x:auto;margin:6px 0}
code{overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;padding:0;margin:10px 0;font-size:14px}
.legend li{display:flex;align-items:center;gap:7px;min-width:0}
.legend svg{flex:none}
details{margin:8px 0}summary{cursor:pointer}
footer{color:var(--quiet);font-size:13px;padding-top:20px;padding-bottom:40px}
.paper>svg{display:block}
@media print{body{background:#fff}.card{break-inside:avoid}}
${chartStyle}`
