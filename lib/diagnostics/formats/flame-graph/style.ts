// Found by search: as far from each other as so many can be for every kind of colour vision, by Machado,
// Oliveira and Fernandes' model of it (2009), while names on them stay legible. Names stand beside them.
const LIGHT = `
--page:#f6f7f9;--panel:#ffffff;--line:#d9dde3;--text:#16191d;--soft:#59636e;--accent:#0b62c4;--mark:#eef4fc;
--warn-back:#fff4d6;--warn:#6b4700;--bar:#cfe0f3;--on-frame:#14171a;--whole:#e3e6ea;
--app:#fab431;--package-1:#5dc4fe;--package-2:#86caa7;--package-3:#e1a3e4;--package-4:#c0a806;--package-5:#9b95fa;
--package-6:#fd9d73;--package-7:#bae693;--packages:#9e978a;--node:#55a2b4;--native:#a9afbe;--kernel:#fadcb7;
--gc:#ec6f6a;--program:#cbced1;--idle:#ebeef3;`

const DARK = `
--page:#0f1216;--panel:#171b21;--line:#2d343d;--text:#e8ecf1;--soft:#98a4b1;--accent:#6cb0ff;--mark:#1d2a3a;
--warn-back:#3a2d0c;--warn:#ffd677;--bar:#2b4260;--on-frame:#f5f7fa;--whole:#343b45;
--app:#9c5701;--package-1:#035495;--package-2:#2f7366;--package-3:#612765;--package-4:#453a00;--package-5:#7558af;
--package-6:#8d3c00;--package-7:#2d5b1d;--packages:#696249;--node:#074441;--native:#5a6a83;--kernel:#614c76;
--gc:#ba3b51;--program:#494a4c;--idle:#232427;`

/** The style of the page. */
export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;height:100vh;height:100dvh;display:flex;flex-direction:column;background:var(--page);color:var(--text);
font:14px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
button,input{font:inherit;color:inherit}
button{cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
small,.place,.share,time,.keys,#functions-note{color:var(--soft)}
kbd{font:11px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;border:1px solid var(--line);
border-bottom-width:2px;border-radius:4px;padding:0 4px;background:var(--page);color:var(--soft)}
header{padding:14px 18px 10px;background:var(--panel);border-bottom:1px solid var(--line);display:flex;flex-wrap:wrap;
gap:6px 22px;align-items:baseline}
h1{font-size:18px;font-weight:650;margin:0;overflow-wrap:anywhere}
h1 .kind{color:var(--soft);font-weight:500;margin-right:4px}
h1 time{font-size:12.5px;font-weight:400;margin-left:6px;white-space:nowrap}
.badges{margin:0;display:flex;flex-wrap:wrap;gap:5px}
.badge{border:1px solid var(--line);border-radius:999px;padding:0 9px;font-size:12.5px;overflow-wrap:anywhere}
.figures{margin:2px 0 0;width:100%;display:flex;flex-wrap:wrap;gap:4px 28px}
.figures div{display:flex;flex-direction:column}
.figures dt{font-size:12px;color:var(--soft)}
.figures dd{margin:0;font-size:17px;font-weight:600;font-variant-numeric:tabular-nums}
.figures small{font-size:12.5px;font-weight:400}
.partial{margin:4px 0 0;width:100%;background:var(--warn-back);color:var(--warn);border-radius:6px;padding:5px 10px}
.at-start{margin:2px 0 0;width:100%;font-size:13px}
.at-start summary{cursor:pointer}
.at-start ol{margin:6px 0 0;max-height:30vh;overflow:auto;padding-left:34px;
font:12px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
.toolbar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;padding:10px 18px 0}
.field{position:relative;flex:0 1 320px;min-width:180px}
.field input{width:100%;padding:5px 30px 5px 10px;border:1px solid var(--line);border-radius:7px;background:var(--panel)}
#search::-webkit-search-cancel-button{display:none}
.field input[aria-invalid=true]{border-color:#d33}
.field kbd{position:absolute;right:8px;top:7px;pointer-events:none}
.field input:focus+kbd,.field input:not(:placeholder-shown)+kbd{display:none}
.toolbar button,.choice{border:1px solid var(--line);border-radius:7px;background:var(--panel);padding:4px 10px;cursor:pointer;
display:inline-flex;gap:6px;align-items:center;white-space:nowrap}
.toolbar button:disabled{opacity:.45;cursor:default}
.choice input{margin:0;accent-color:var(--accent)}
[data-unit=bytes] .only-time{display:none}
#matched{font-weight:600;font-variant-numeric:tabular-nums}
.space{flex:1}
#legend{list-style:none;margin:0;padding:9px 18px 8px;display:flex;flex-wrap:wrap;gap:4px 4px}
.group{display:inline-flex;gap:6px;align-items:center;border:1px solid transparent;background:none;border-radius:999px;
padding:1px 9px 1px 5px;font-size:13px}
.group:hover{background:var(--panel);border-color:var(--line)}
.group[aria-pressed=true]{background:var(--mark);border-color:var(--accent)}
.swatch{flex:none;width:12px;height:12px;border-radius:3px;box-shadow:inset 0 0 0 1px rgb(128 128 128/.45)}
.share{font-variant-numeric:tabular-nums}
main{flex:1;min-height:0;display:grid;grid-template-columns:minmax(0,1fr) 400px;gap:12px;padding:0 18px 12px}
main>section,aside>section{background:var(--panel);border:1px solid var(--line);border-radius:9px;overflow:hidden}
.graph{display:flex;flex-direction:column;min-height:0}
#trail{list-style:none;margin:0;padding:6px 10px;display:flex;flex-wrap:wrap;align-items:center;font-size:13px;
border-bottom:1px solid var(--line)}
#trail li{display:inline-flex;align-items:center;max-width:100%}
#trail li+li::before{content:'›';color:var(--soft);margin:0 3px}
.crumb{border:0;background:none;padding:1px 5px;border-radius:5px;color:var(--accent);max-width:260px;overflow:hidden;
text-overflow:ellipsis;white-space:nowrap}
.crumb:hover{background:var(--mark)}
.crumb[aria-current]{color:var(--text);font-weight:600}
.left-out{color:var(--soft)}
#graph{flex:1;min-height:0;overflow:hidden auto;margin:6px 8px 0;overscroll-behavior:contain}
#canvas{position:sticky;top:0;display:block}
#canvas:focus-visible{outline-offset:-2px}
.keys{margin:0;padding:5px 10px;font-size:12px;border-top:1px solid var(--line)}
aside{display:flex;flex-direction:column;gap:12px;min-height:0}
#selected{padding:9px 12px;max-height:34vh;overflow:auto}
.name{font-weight:600;overflow-wrap:anywhere}
#selected .place,#tip .place{font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;
overflow-wrap:anywhere}
#selected dl,#tip dl{margin:5px 0 0;display:grid;grid-template-columns:auto 1fr;gap:1px 12px;font-size:13px}
dl dt{color:var(--soft)}
#selected dd,#tip dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.functions{flex:1;min-height:0;overflow:auto!important}
table{width:100%;border-collapse:collapse;table-layout:fixed}
thead th{position:sticky;top:0;background:var(--panel);box-shadow:0 1px var(--line);padding:0;text-align:right;z-index:1}
thead th:first-child{text-align:left}
thead th:not(:first-child){width:88px}
thead button{border:0;background:none;font-weight:600;font-size:13px;padding:6px 10px;width:100%;text-align:inherit}
th[aria-sort=ascending] button::after{content:' ▲';font-size:9px}
th[aria-sort=descending] button::after{content:' ▼';font-size:9px}
td.figure+td.figure{border-left:5px solid transparent;background-clip:padding-box}
tbody th{padding:0;font-weight:400;text-align:left}
tbody tr:hover{background:var(--mark)}
tr.marked{background:var(--mark);box-shadow:inset 3px 0 var(--accent)}
.function{border:0;background:none;width:100%;text-align:left;padding:3px 6px 3px 10px;display:grid;
grid-template-columns:12px minmax(0,1fr);gap:0 8px;align-items:center}
.function .name{font-weight:500;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.function .place{grid-column:2;font-size:12px;line-height:1.3;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.figure{padding:3px 10px 3px 4px;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;
background:linear-gradient(var(--bar),var(--bar)) 0 100%/0 3px no-repeat}
.figure span{display:block}
.figure .share{font-size:12px;line-height:1.3}
#functions-note{margin:0;padding:6px 12px;font-size:12.5px}
#tip{position:fixed;left:0;top:0;z-index:9;pointer-events:none;max-width:min(520px,92vw);padding:8px 11px;border-radius:8px;
background:var(--panel);border:1px solid var(--line);box-shadow:0 6px 24px rgb(0 0 0/.22)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}
noscript p{padding:10px 18px}
@media (max-width:900px){
body{height:auto;min-height:100vh}
header,.toolbar,#legend{padding-left:12px;padding-right:12px}
main{display:block;padding:0 12px 12px}
#graph{flex:none;height:62vh}
aside{margin-top:12px}
.functions{max-height:70vh}
.keys{display:none}
}
@media print{body{height:auto}.toolbar,.keys{display:none}}
`
