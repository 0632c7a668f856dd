// How much time an analysis covers: a length up to now, or from one moment to another.

import { el, fromLocal, now, setText, t, toLocal, toMinute } from "../common/core.mjs";

const HOUR = 3_600_000;
const LENGTHS = { hour: HOUR, six: 6 * HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR, year: 8760 * HOUR };
const NAMES = () => ({ hour: t("1 h"), six: t("6 h"), day: t("24 h"), week: t("7 d"), month: t("30 d"), year: t("1 year") });

/** state: {length} or {from, to} in ms; changed is called when a person chose another. */
export function make(holder, lengths, state, changed) {
  const switches = el("div", "switches", null, { role: "group", "aria-label": t("Time range") });
  for (const name of lengths) {
    const button = el("button", "switch", NAMES()[name], { type: "button", "data-length": name });
    button.addEventListener("click", () => { Object.assign(state, { length: name, from: null, to: null }); show(); changed(); });
    switches.append(button);
  }
  // Not datetime-local: it shows the browser's country's hours, a. m. and p. m., beside our clock of 24.
  const fields = ["from", "to"].map((name) => el("input", "field", null, { type: "text", name, maxlength: 16, size: 16, autocomplete: "off", spellcheck: "false", "aria-label": name === "from" ? t("From") : t("To"), placeholder: "2026-11-28 08:00" }));
  const use = el("button", "button", t("Use"), { type: "submit" });
  const problem = el("span", "ana-problem", "", { role: "alert" });
  const form = el("form", "ana-between");
  form.append(fields[0], el("span", "secondary", "–"), fields[1], use, problem);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [from, to] = fields.map((field) => fromLocal(field.value.trim().length === 10 ? `${field.value.trim()}T00:00:00` : `${field.value.trim()}:00`));
    const wrong = trouble(from, to);
    setText(problem, wrong);
    if (wrong) return;
    Object.assign(state, { length: null, from, to });
    show();
    changed();
  });
  function show() {
    for (const button of switches.children) button.setAttribute("aria-pressed", String(button.dataset.length === state.length));
    const [from, to] = stretch(state);
    [from, to].forEach((at, n) => (fields[n].value = toMinute(at)));
    setText(problem, "");
  }
  holder.replaceChildren(switches, form);
  show();
  return { show };
}
function trouble(from, to) {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return t("not a time; expected 2026-11-28 08:00");
  if (to - from < HOUR) return t("at least one hour");
  return to - from > 366 * 24 * HOUR ? t("at most a year") : "";
}
export function stretch(state) {
  return state.length ? [now() - LENGTHS[state.length], now()] : [state.from, state.to];
}
export function query(state) {
  const [from, to] = stretch(state);
  return `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
}
/** Into and out of a link: a length goes on, two moments stand. */
export function write(params, state) {
  if (state.length) params.set("for", state.length);
  else for (const name of ["from", "to"]) params.set(name, toLocal(state[name]).slice(0, 16));
}
export function readFrom(params, state, lengths) {
  const [from, to] = ["from", "to"].map((name) => fromLocal(`${params.get(name) ?? ""}:00`));
  if (!trouble(from, to)) Object.assign(state, { length: null, from, to });
  else if (lengths.includes(params.get("for"))) Object.assign(state, { length: params.get("for"), from: null, to: null });
}
