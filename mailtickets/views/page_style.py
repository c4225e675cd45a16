"""The look of the status page: light and dark, wide and narrow, and on paper. No script, nothing from elsewhere."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #fff; --edge: #e2e5ea; --ink: #16191f; --soft: #5b6472; --faint: #eef0f3;
  --in: #3567d6; --out: #12998a;
  --well: #14713d; --well-ground: #e3f5ea; --task: #8a5300; --task-ground: #fdf1d8;
  --fault: #b3261e; --fault-ground: #fde7e4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1216; --card: #181c22; --edge: #2a3039; --ink: #e8ebf0; --soft: #a0a9b7; --faint: #232932;
    --in: #7aa2f7; --out: #41c9b4;
    --well: #6fdc9c; --well-ground: #12301f; --task: #f5c065; --task-ground: #362808;
    --fault: #ff9a90; --fault-ground: #421a17;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { display: flex; justify-content: space-between; gap: 12px; padding-top: 18px; color: var(--soft); }
header b { color: var(--ink); font-weight: 600; }
footer { padding-bottom: 24px; color: var(--soft); font-size: 13px; }
h1, h2, h3, p, dl, dd, ol, ul, table { margin: 0; padding: 0; }
h2 { font-size: 13px; font-weight: 600; color: var(--soft); margin-bottom: 8px; }
ol, ul { list-style: none; }
code {
  font: 0.9em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere;
  background: var(--faint); border-radius: 5px; padding: 0.12em 0.38em;
}
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.verdict {
  display: flex; align-items: center; gap: 18px; margin: 12px 0; padding: 18px 24px; border-radius: 16px;
  color: var(--state); background: var(--state-ground);
}
.verdict svg { flex: none; width: 44px; height: 44px; }
.verdict h1 { font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
.verdict p { color: var(--ink); margin-top: 3px; }
.well { --state: var(--well); --state-ground: var(--well-ground); }
.task { --state: var(--task); --state-ground: var(--task-ground); }
.fault { --state: var(--fault); --state-ground: var(--fault-ground); }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 14px; padding: 14px 18px; min-width: 0; }
.needs {
  display: grid; gap: 12px; margin-bottom: 12px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr));
}
.needs li {
  background: var(--card); border: 1px solid var(--edge); border-left: 5px solid var(--state); border-radius: 12px;
  padding: 11px 18px;
}
.needs h3 { font-size: 16px; line-height: 1.3; color: var(--state); overflow-wrap: anywhere; }
.needs p { margin-top: 2px; overflow-wrap: anywhere; }
.needs .next { color: var(--soft); margin-top: 4px; }
.tiles { display: grid; grid-template-columns: repeat(6, 1fr); gap: 12px; margin-bottom: 12px; }
.tiles div { display: flex; flex-direction: column; padding: 12px 16px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles .big { font-size: 28px; line-height: 1.25; font-weight: 620; letter-spacing: -0.02em; }
.tiles .note { color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.tiles .task .big, .tiles .fault .big { color: var(--state); }
.grid { display: grid; grid-template-columns: repeat(12, 1fr); gap: 12px; margin-bottom: 14px; }
.wide { grid-column: span 7; } .side { grid-column: span 5; } .third { grid-column: span 4; }
.stack { display: flex; flex-direction: column; gap: 12px; min-width: 0; }
.stack > :last-child { flex: 1; }
.part { margin: 2px 0 10px; font-size: 15px; }
.said { font-size: 16px; line-height: 1.4; margin-bottom: 8px; }
.said ~ p { margin-top: 6px; overflow-wrap: anywhere; }
.top { display: flex; justify-content: space-between; flex-wrap: wrap; gap: 0 16px; }
.legend { display: flex; gap: 14px; font-size: 13px; color: var(--soft); }
.legend svg { width: 10px; height: 10px; margin-right: 6px; }
.chart { display: block; overflow: visible; }
.in { fill: var(--in); } .out { fill: var(--out); } .hit { fill: transparent; } .hour:hover .hit { fill: var(--faint); }
.now .in, .now .out { opacity: 0.6; }
.axis { stroke: var(--edge); } .scale-line { stroke: var(--faint); }
.chart text { fill: var(--soft); font-size: 11.5px; }
.chart .label, .chart .none { text-anchor: middle; }
details { margin-top: 8px; font-size: 13px; }
summary { color: var(--soft); cursor: pointer; width: fit-content; }
details table { margin-top: 8px; max-width: 420px; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; }
thead th { color: var(--soft); font-size: 12.5px; padding-bottom: 4px; }
td, tbody th { padding: 5px 0; border-top: 1px solid var(--faint); vertical-align: baseline; }
th + th, td { padding-left: 12px; }
.n { text-align: right; white-space: nowrap; }
tbody th { overflow-wrap: break-word; hyphens: auto; }
.rows > li { padding: 5px 0; border-top: 1px solid var(--faint); }
.rows > li:first-child { border-top: 0; padding-top: 0; }
.rows > li:last-child { padding-bottom: 0; }
.pair { display: flex; justify-content: space-between; gap: 12px; align-items: baseline; }
.pair > :last-child { text-align: right; white-space: nowrap; }
.pair b { font-weight: 600; }
.soft { color: var(--soft); font-size: 13px; }
.wrap { overflow-wrap: break-word; min-width: 0; }
.small { font-size: 13px; white-space: nowrap; }
thead .n { white-space: normal; vertical-align: bottom; }
.hot { color: var(--state); font-weight: 600; }
.dotted { --state: var(--edge); position: relative; padding-left: 18px !important; }
.dotted.well { --state: var(--well); } .dotted.fault { --state: var(--fault); }
.dotted::before {
  content: ""; position: absolute; left: 0; margin-top: 7px; width: 9px; height: 9px; border-radius: 50%;
  background: var(--state);
}
.load { display: block; margin-top: 4px; } .track { fill: var(--faint); } .full { fill: var(--in); }
@media (max-width: 980px) {
  .tiles { grid-template-columns: repeat(3, 1fr); }
  .wide, .side { grid-column: span 12; } .third { grid-column: span 6; }
  .third:last-child { grid-column: span 12; }
  .charts .third { grid-column: span 6; }
}
@media (max-width: 620px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .grid, .needs, .stack { gap: 8px; }
  .needs, .tiles { margin-bottom: 8px; }
  .third, .charts .third { grid-column: span 12; }
  .verdict { padding: 16px; gap: 14px; }
  .verdict h1 { font-size: 23px; } .verdict svg { width: 36px; height: 36px; }
  .card { padding: 12px 14px; }
  .often { display: none; }
  thead th { font-size: 11.5px; }
  th + th, td { padding-left: 6px; }
  .small { white-space: normal; }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --edge: #bbb; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  body { zoom: 0.7; }
  .card, .needs li, .verdict { break-inside: avoid; }
  .screen { display: none; }
}
"""
