/** The page's style: system fonts, one accent colour, light and dark by the reader's setting. */
export const pageStyle = `
:root {
  --ground: #f6f5f2; --surface: #ffffff; --raised: #fbfaf8; --line: #e2dfd8; --ink: #1f1d1a; --soft: #6b665e;
  --accent: #b4500b; --accent-soft: #fbeee2; --email: #1d5fa8; --email-soft: #e5effa; --sms: #1c7a4a; --sms-soft: #e2f4ea;
  --bad: #b3261e; --bad-soft: #fbe7e5; --bubble: #e4e2dc; --shadow: 0 1px 2px rgb(0 0 0 / 6%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161513; --surface: #1f1e1b; --raised: #262421; --line: #37342f; --ink: #efece6; --soft: #a39d92;
    --accent: #f0954b; --accent-soft: #3a2716; --email: #8dbdf2; --email-soft: #1b2d42; --sms: #7fd3a4; --sms-soft: #16352a;
    --bad: #f2938b; --bad-soft: #42201d; --bubble: #37342f; --shadow: none;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body {
  display: flex; flex-direction: column; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
code, .mono { font-family: ui-monospace, "Cascadia Mono", "Liberation Mono", Menlo, monospace; font-size: .92em; }

.bar { display: flex; align-items: center; gap: 8px 24px; padding: 10px 20px; background: var(--surface); border-bottom: 1px solid var(--line); }
.bar h1 { display: flex; align-items: center; gap: 8px; margin: 0; font-size: 18px; white-space: nowrap; }
.bar h1 small { color: var(--soft); font-size: 13px; font-weight: 400; }
.bell { display: inline-flex; width: 24px; height: 24px; }
.views { display: flex; gap: 4px; }
.views button { padding: 6px 12px; border: 0; border-radius: 8px; background: none; color: var(--soft); white-space: nowrap; }
.views button:hover { background: var(--raised); color: var(--ink); }
.views button[aria-selected="true"] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.count { display: inline-block; min-width: 20px; margin-left: 4px; padding: 0 6px; border-radius: 10px; background: var(--line); color: var(--ink); font-size: 12px; font-weight: 600; line-height: 20px; text-align: center; }
.connection { display: inline-flex; align-items: center; gap: 6px; margin-left: auto; color: var(--soft); font-size: 13px; }
.connection::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: var(--soft); }
.connection.live::before { background: #2e9e62; }
.connection.lost { color: var(--bad); }
.connection.lost::before { background: var(--bad); }

main { flex: 1; min-height: 0; }
.view { height: 100%; overflow: auto; padding: 20px; }
.view.mail { display: grid; grid-template-columns: minmax(320px, 400px) minmax(0, 1fr); padding: 0; overflow: hidden; }
.lead { max-width: 75ch; margin: 0 0 16px; color: var(--soft); }
.view h2 { margin: 28px 0 8px; font-size: 16px; }

.list-pane { display: flex; flex-direction: column; min-height: 0; border-right: 1px solid var(--line); background: var(--surface); }
.tools { display: flex; flex-wrap: wrap; gap: 8px; padding: 12px; border-bottom: 1px solid var(--line); }
.tools input { flex: 1 1 100%; min-width: 0; padding: 7px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--raised); }
.channels { display: inline-flex; overflow: hidden; border: 1px solid var(--line); border-radius: 8px; }
.channels button { padding: 4px 12px; border: 0; background: none; color: var(--soft); }
.channels button + button { border-left: 1px solid var(--line); }
.channels button[aria-pressed="true"] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.quiet { padding: 4px 12px; border: 1px solid var(--line); border-radius: 8px; background: none; color: var(--soft); }
.quiet:hover { color: var(--ink); background: var(--raised); }
#clear { margin-left: auto; }
#clear:hover { border-color: var(--bad); color: var(--bad); background: var(--bad-soft); }

.list { flex: 1; min-height: 0; margin: 0; padding: 0; overflow-y: auto; list-style: none; }
.item { display: block; width: 100%; padding: 10px 14px; border: 0; border-bottom: 1px solid var(--line); border-left: 3px solid transparent; background: none; text-align: left; }
.item:hover { background: var(--raised); }
.item[aria-current="true"] { border-left-color: var(--accent); background: var(--accent-soft); }
.item-top, .item-mid { display: flex; align-items: baseline; gap: 8px; }
.item-to { flex: 1; min-width: 0; overflow: hidden; color: var(--soft); font-size: 13px; text-overflow: ellipsis; white-space: nowrap; }
.item-time { color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.item-title { flex: 1; min-width: 0; overflow: hidden; font-weight: 600; text-overflow: ellipsis; white-space: nowrap; }
.item-text { overflow: hidden; color: var(--soft); font-size: 13px; text-overflow: ellipsis; white-space: nowrap; }
.chip { display: inline-block; padding: 0 8px; border-radius: 10px; background: var(--line); font-size: 12px; font-weight: 600; line-height: 20px; white-space: nowrap; }
.chip.email { background: var(--email-soft); color: var(--email); }
.chip.sms { background: var(--sms-soft); color: var(--sms); }
.chip.bad { background: var(--bad-soft); color: var(--bad); }
.chip.simulated { background: var(--accent-soft); color: var(--accent); }

.empty { max-width: 42ch; margin: 48px auto; padding: 0 16px; color: var(--soft); text-align: center; }
.empty-title { margin: 0 0 4px; color: var(--ink); font-size: 16px; font-weight: 600; }
.empty code { overflow-wrap: anywhere; }

.detail { display: flex; flex-direction: column; min-width: 0; min-height: 0; overflow: auto; }
.detail-head { padding: 16px 20px 12px; border-bottom: 1px solid var(--line); background: var(--surface); }
.detail-head h2 { margin: 0 0 10px; font-size: 20px; line-height: 1.3; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin: 0 0 10px; font-size: 14px; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.chips { display: flex; flex-wrap: wrap; gap: 6px; }
.back { display: none; margin: 0 0 10px; }
.parts { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; padding: 8px 20px; border-bottom: 1px solid var(--line); background: var(--surface); }
.parts button { padding: 4px 12px; border: 0; border-radius: 8px; background: none; color: var(--soft); }
.parts button[aria-selected="true"] { background: var(--raised); color: var(--ink); font-weight: 600; box-shadow: inset 0 0 0 1px var(--line); }
.parts label { display: inline-flex; align-items: center; gap: 6px; margin-left: auto; color: var(--soft); font-size: 13px; }
.part { flex: 1; min-height: 0; }
.part iframe { display: block; width: 100%; height: 100%; min-height: 480px; border: 0; background: #fff; }
.part pre { margin: 0; padding: 20px; overflow-wrap: anywhere; white-space: pre-wrap; font: 14px/1.6 ui-monospace, "Cascadia Mono", "Liberation Mono", Menlo, monospace; }
.part .table-wrap { margin: 20px; }

.phone { width: min(360px, 100% - 40px); margin: 28px auto; padding: 14px 14px 28px; border: 1px solid var(--line); border-radius: 32px; background: var(--surface); box-shadow: var(--shadow); }
.phone-sender { margin: 4px 0 18px; padding-bottom: 12px; border-bottom: 1px solid var(--line); text-align: center; font-weight: 600; overflow-wrap: anywhere; }
.phone-time { margin: 0 0 10px; color: var(--soft); font-size: 12px; text-align: center; }
.bubble { width: fit-content; max-width: 90%; margin: 0; padding: 10px 14px; border-radius: 18px 18px 18px 4px; background: var(--bubble); overflow-wrap: anywhere; white-space: pre-wrap; }
.phone-note { margin: 8px 4px 120px; color: var(--soft); font-size: 12px; }

.table-wrap { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 8px 14px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-size: 13px; font-weight: 600; white-space: nowrap; }
td code, td.name { white-space: nowrap; }
td.value { overflow-wrap: anywhere; white-space: pre-wrap; }

@media (max-width: 760px) {
  .bar { flex-wrap: wrap; padding: 10px 12px 6px; }
  .bar h1 small, .wide { display: none; }
  .views { order: 3; width: 100%; margin: 0 -4px; overflow-x: auto; }
  .views button { padding: 6px 8px; }
  .view { padding: 14px 12px; }
  .view.mail { grid-template-columns: minmax(0, 1fr); }
  .list-pane { border-right: 0; }
  .detail { display: none; }
  .mail.open .list-pane { display: none; }
  .mail.open .detail { display: flex; }
  .back { display: inline-block; }
  .detail-head, .parts { padding-left: 12px; padding-right: 12px; }
  .part .table-wrap { margin: 12px; }
  .part pre { padding: 14px 12px; }
  #simulated table, #simulated tbody, #simulated tr, #simulated td,
  #refusals table, #refusals tbody, #refusals tr, #refusals td { display: block; }
  #simulated thead, #refusals thead { display: none; }
  #simulated tr, #refusals tr { padding: 10px 12px; border-bottom: 1px solid var(--line); }
  #simulated td, #refusals td { padding: 0; border: 0; }
  td.name { color: var(--soft); font-size: 13px; }
}
`;
