/*
 * Private custom properties have names that no page uses, and are set inside the shadow tree: rules of the page for the element or
 * for `*` would override those of `:host`.
 */

/** Every colour reaches a contrast of 4.5 : 1 as text on its background. */
const light = `
  --_bg: var(--holdfast-bg, #ffffff);
  --_fg: var(--holdfast-fg, #1b1f24);
  --_muted: var(--holdfast-muted, #59636e);
  --_line: var(--holdfast-line, #e2e6ea);
  --_soft: #f5f7f9;
  --_ok: var(--holdfast-ok, #1a7f46);
  --_warn: var(--holdfast-warn, #8f5300);
  --_bad: var(--holdfast-bad, #c02b3a);
  --_busy: var(--holdfast-busy, #1f62cf);
  --_wait: #f2d9ad;
  --_failed: #d9534f;
  --_done: #2ea866;
  --_focus: #1f62cf;
`
const dark = `
  --_bg: var(--holdfast-bg, #14171b);
  --_fg: var(--holdfast-fg, #e7eaee);
  --_muted: var(--holdfast-muted, #9aa5b1);
  --_line: var(--holdfast-line, #2b3138);
  --_soft: #1c2026;
  --_ok: var(--holdfast-ok, #4ac988);
  --_warn: var(--holdfast-warn, #f0b458);
  --_bad: var(--holdfast-bad, #ff8b8b);
  --_busy: var(--holdfast-busy, #7db2ff);
  --_wait: #806530;
  --_failed: #e0605c;
  --_done: #2f9e66;
  --_focus: #7db2ff;
`

/** A function, so that a bundle without the element leaves it out. */
const css = () => `
:host {
  display: block;
  min-width: 0;
  color-scheme: light;
  container: holdfast-inspector / inline-size;
}
.panel {
  ${light}
  --_mono: var(--holdfast-mono, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace);
  color: var(--_fg);
  font: 14px/1.5 var(--holdfast-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  text-align: start;
}
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) { color-scheme: dark; }
  :host(:not([theme="light"])) .panel { ${dark} }
}
:host([theme="dark"]) { color-scheme: dark; }
:host([theme="dark"]) .panel { ${dark} }
:host([hidden]), [hidden] { display: none !important; }

:host([docked]) {
  position: fixed;
  inset: auto 1rem 1rem auto;
  z-index: 2147483000;
  width: min(27rem, calc(100vw - 2rem));
}
:host([docked]) .panel {
  max-height: min(42rem, calc(100vh - 2rem));
  overflow: auto;
  box-shadow: 0 12px 32px rgb(0 0 0 / 0.18);
}

*, *::before, *::after { box-sizing: border-box; }
h2, h3, h4, h5, h6, p, ol, dl, dd, pre { margin: 0; padding: 0; font: inherit; }
ol { list-style: none; }
.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.panel {
  position: relative;
  overflow: hidden;
  background: var(--_bg);
  border: 1px solid var(--_line);
  border-radius: var(--holdfast-radius, 12px);
}
.top { display: flex; gap: 12px; align-items: flex-start; justify-content: space-between; padding: 16px 20px; }
.status { display: flex; gap: 12px; min-width: 0; }
.status > div { min-width: 0; }
.dot { flex: none; width: 10px; height: 10px; margin-top: 8px; border-radius: 50%; background: var(--_muted); }
.dot[data-tone="ok"] { background: var(--_done); }
.dot[data-tone="busy"] { background: var(--_busy); animation: pulse 1.6s ease-in-out infinite; }
.dot[data-tone="warn"] { background: #e39b2d; animation: pulse 1.6s ease-in-out infinite; }
.dot[data-tone="bad"] { background: var(--_failed); }
@keyframes pulse { 50% { opacity: 0.35; } }
.title { font-size: 17px; font-weight: 600; letter-spacing: -0.01em; }
.sentence { color: var(--_muted); font-variant-numeric: tabular-nums; text-wrap: pretty; }
.place { margin-top: 2px; color: var(--_muted); font: 12px/1.5 var(--_mono); overflow-wrap: anywhere; }

button {
  padding: 2px 10px;
  color: inherit;
  font: inherit;
  font-size: 13px;
  background: none;
  border: 1px solid var(--_line);
  border-radius: 6px;
  cursor: pointer;
}
button:hover { background: var(--_soft); }
button[aria-pressed="true"] { color: var(--_bg); background: var(--_fg); border-color: var(--_fg); }
:focus-visible { outline: 2px solid var(--_focus); outline-offset: 2px; }

.summary {
  display: grid;
  grid-template-columns: repeat(5, 1fr);
  gap: 1px;
  background: var(--_line);
  border-block: 1px solid var(--_line);
}
.summary > div { min-width: 0; padding: 10px 20px; background: var(--_bg); }
dt { color: var(--_muted); font-size: 12px; }
dd { font-size: 17px; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dd small { white-space: nowrap; color: var(--_muted); font-size: 12px; font-weight: 400; }
dd[data-tone="warn"] { color: var(--_warn); }
dd[data-tone="bad"] { color: var(--_bad); }

.columns { display: grid; grid-template-columns: minmax(0, 1fr); }
section { min-width: 0; padding: 16px 20px; }
.columns > * + *, .side > * + * { border-top: 1px solid var(--_line); }
h3, h4, h5, h6 { font-size: 13px; font-weight: 600; }
.section-head { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; min-height: 26px; }
.section-head > :first-child { margin-inline-end: auto; }

.periods, .frames-list { position: relative; }
.periods { max-height: 22rem; margin: 12px -8px 0; padding: 0 8px; overflow: auto; }
.periods > li { position: relative; padding: 0 0 14px 22px; }
.periods > li::before {
  position: absolute;
  top: 7px;
  left: 2px;
  width: 9px;
  height: 9px;
  content: "";
  background: var(--_muted);
  border-radius: 50%;
}
.periods > li:not(:last-child)::after {
  position: absolute;
  top: 21px;
  bottom: -2px;
  left: 6px;
  width: 1px;
  content: "";
  background: var(--_line);
}
.periods > li:last-child { padding-bottom: 0; }
.periods > [data-tone="busy"]::before { background: var(--_busy); }
.periods > [data-tone="ok"]::before { background: var(--_done); }
.periods > [data-tone="warn"]::before { background: #e39b2d; }
.periods > [data-tone="bad"]::before { background: var(--_failed); }
.row-head {
  display: flex;
  gap: 8px;
  align-items: baseline;
  width: 100%;
  padding: 0;
  font-size: 14px;
  text-align: start;
  border: 0;
  border-radius: 4px;
}
.row-head:hover { background: none; }
button.row-head:hover .row-title { text-decoration: underline; text-underline-offset: 3px; }
.row-title { flex: 1; min-width: 0; font-weight: 500; font-variant-numeric: tabular-nums; }
time { color: var(--_muted); font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chevron {
  flex: none;
  align-self: center;
  width: 7px;
  height: 7px;
  margin: -3px 3px 0;
  border: solid var(--_muted);
  border-width: 0 1.5px 1.5px 0;
  transform: rotate(45deg);
}
[aria-expanded="true"] > .chevron { margin-top: 3px; transform: rotate(225deg); }
div.row-head .chevron { visibility: hidden; }
.cause { color: var(--_muted); font-size: 13px; text-wrap: pretty; }
.strip { display: flex; gap: 2px; height: 8px; margin-top: 8px; forced-color-adjust: none; }
.strip span { flex: 1 1 0; min-width: 4px; background: var(--_wait); border-radius: 2px; }
.strip [data-step="failed"] { background: var(--_failed); }
.strip [data-step="now"] { background: var(--_busy); }
.strip [data-step="ok"] { background: var(--_done); }
.more { font-size: 13px; }
.periods .more { margin-top: 8px; padding: 10px 12px; background: var(--_soft); border-radius: 8px; }
.more > * + * { margin-top: 8px; }
.more ol { padding-inline-start: 20px; list-style: decimal; }
.more li { overflow-wrap: anywhere; }
.more p { overflow-wrap: anywhere; text-wrap: pretty; }

.legend { display: flex; flex-wrap: wrap; gap: 0 12px; color: var(--_muted); font-size: 12px; }
.legend i {
  display: inline-block;
  width: 8px;
  height: 8px;
  margin-inline-end: 5px;
  background: var(--_wait);
  border-radius: 2px;
  forced-color-adjust: none;
}
.legend [data-step="failed"] { background: var(--_failed); }
.legend [data-step="ok"] { background: var(--_done); }
.figures, .empty, .missed { color: var(--_muted); font-size: 12px; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: 44px; margin-top: 10px; border-bottom: 1px solid var(--_line); }
svg[hidden] { display: none; }
rect { fill: var(--_busy); }

.frames label { display: inline-flex; gap: 5px; align-items: center; font-size: 13px; }
input { width: 14px; height: 14px; margin: 0; accent-color: var(--_busy); }
.empty { padding: 24px 0; text-align: center; }
.frames-list {
  max-height: var(--holdfast-frames-height, 22rem);
  margin: 12px -20px -16px;
  overflow: auto;
  border-top: 1px solid var(--_line);
}
.frames-list > li + li { border-top: 1px solid var(--_line); }
.frame {
  display: grid;
  grid-template-columns: 14px 84px 48px 56px minmax(0, 1fr) auto;
  gap: 8px;
  align-items: baseline;
  width: 100%;
  padding: 5px 20px;
  font-size: 13px;
  text-align: start;
  border: 0;
  border-radius: 0;
}
.frame:focus-visible { outline-offset: -2px; }
.sign { color: var(--_busy); font-weight: 600; }
[data-direction="in"] .sign { color: var(--_ok); }
[data-type="drop"] .sign { color: var(--_bad); }
[data-type="pings"] .sign, [data-type="pings"] .text { color: var(--_muted); }
.kind, .size { color: var(--_muted); font-size: 12px; white-space: nowrap; }
.size { text-align: end; font-variant-numeric: tabular-nums; }
.text { overflow: hidden; font: 12px/1.5 var(--_mono); text-overflow: ellipsis; white-space: nowrap; }
.frame[aria-expanded="true"] { background: var(--_soft); }
.badge { padding: 0 7px; font-size: 11px; border: 1px solid currentcolor; border-radius: 99px; }
[data-tone="ok"].badge { color: var(--_ok); }
[data-tone="warn"].badge { color: var(--_warn); }
[data-tone="bad"].badge { color: var(--_bad); }
.frames .more { padding: 4px 20px 12px 42px; background: var(--_soft); }
pre { max-height: 16rem; overflow: auto; font: 12px/1.6 var(--_mono); white-space: pre-wrap; overflow-wrap: anywhere; }

@container holdfast-inspector (width >= 760px) {
  .columns.both { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); }
  .columns.both > * + * { border-top: 0; border-inline-start: 1px solid var(--_line); }
  .both .frames-list { max-height: var(--holdfast-frames-height, 30rem); }
}
@container holdfast-inspector (width < 480px) {
  .top { padding: 14px 16px; }
  .summary { grid-template-columns: repeat(6, 1fr); }
  .summary > div { grid-column: span 2; padding: 8px 16px; }
  .summary > :nth-child(n + 4) { grid-column: span 3; }
  section { padding: 14px 16px; }
  .section-head { gap: 4px 6px; }
  button { padding-inline: 8px; }
  button.row-head { padding-inline: 0; }
  .frames-list { margin-inline: -16px; }
  .frame { grid-template-columns: 14px auto auto minmax(0, 1fr) auto; gap: 0 8px; padding: 6px 16px; }
  .frame .size { text-align: start; }
  .frame .badge { grid-column: 5; }
  .frame .text { grid-row: 2; grid-column: 2 / -1; }
  .frames .more { padding-inline: 38px 16px; }
}
@media (prefers-reduced-motion: reduce) {
  .dot { animation: none !important; }
}
@media (forced-colors: active) {
  .dot, .periods > li::before { forced-color-adjust: none; }
}
`

let sheet: CSSStyleSheet | undefined

/** Applies the styles without inline styles, which a strict Content-Security-Policy blocks. */
export function applyStyles(shadow: ShadowRoot, nonce: string): void {
  try {
    if (!sheet) {
      const made = new CSSStyleSheet()
      made.replaceSync(css())
      sheet = made
    }
    shadow.adoptedStyleSheets = [sheet]
  } catch {
    // Safari before 16.4 cannot construct style sheets. There the page's policy has to allow this one, by the nonce.
    const style = document.createElement('style')
    style.nonce = nonce
    style.textContent = css()
    shadow.append(style)
  }
}
