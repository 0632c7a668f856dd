// The form that says of a stretch of readings that it is invalid or valid, and why.

import { $, el, fromLocal, newKey, now, post, t, toLocal, urls } from "../common/core.mjs";
import { seen } from "./chart.mjs";
import * as stretch from "./stretch.mjs";

let form = null, series = null, key = null, counted = 0;

/** Open for a series {station, metric}; `done(mark)` after it was saved. */
export function open(of, done) {
  if (form) return form.querySelector("input:checked").focus();
  series = of;
  key = null;
  form = build();
  form.addEventListener("submit", (event) => { event.preventDefault(); save(done); });
  form.addEventListener("input", changed);
  form.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the desk's own keys rest
    if (event.key === "Escape") leave();
  });
  $("mark-form").replaceChildren(form);
  $("mark-open").setAttribute("aria-expanded", "true");
  const view = seen(), end = Math.floor(now() / 1000) * 1000;
  form.from.value = written(view?.from ?? end - 3600e3);
  form.to.value = written(end);
  stretch.open((from, to) => {
    form.from.value = written(from);
    form.to.value = written(Math.min(to, Math.floor(now() / 1000) * 1000));
    form.open.checked = false;
    changed();
  });
  changed();
  form.querySelector("input:checked").focus({ preventScroll: true });
  $("drawer-chart").scrollIntoView({ block: "start" }); // chart and form belong together
}
/** Gone with what was written in it, as when another series is chosen. */
export function close() {
  form?.remove();
  form = null;
  stretch.close();
  $("mark-open")?.setAttribute("aria-expanded", "false");
}
export const isOpen = () => form !== null;
function leave() {
  close();
  $("mark-open").focus({ preventScroll: true });
}
function build() {
  const node = el("form", "mark-form", null, { novalidate: "" });
  const verdicts = el("div", "mark-field", null, { role: "radiogroup", "aria-labelledby": "mark-verdict-label" });
  const choices = el("div", "choices");
  choices.append(choice("invalid", t("Invalid"), true), choice("valid", t("Valid"), false));
  verdicts.append(el("span", "", t("These readings are"), { id: "mark-verdict-label" }), choices);
  // Not datetime-local: it shows the browser's country's hours, a. m. and p. m., beside our clock of 24.
  const time = { type: "text", autocomplete: "off", maxlength: "30", required: "" };
  const open_end = el("label", "check");
  open_end.append(el("input", "", null, { type: "checkbox", name: "open" }), t("until further notice"));
  const reason = field("reason", t("Reason"), { type: "text", maxlength: "500", autocomplete: "off", required: "" });
  const cancel = el("button", "button", t("Cancel"), { type: "button" });
  cancel.addEventListener("click", leave);
  const last = el("div", "mark-buttons");
  last.append(el("button", "button primary", t("Save mark"), { type: "submit" }), cancel, el("span", "mark-count", "", { role: "status" }));
  node.append(el("p", "mark-hint secondary", t("Drag over the chart, or click one reading.")), verdicts,
    field("from", t("From"), time), field("to", t("To (exclusive)"), time), open_end, reason, last, el("p", "mark-said", "", { role: "alert" }));
  return node;
}
function choice(value, label, checked) {
  const node = el("label", "choice");
  const input = el("input", "", null, { type: "radio", name: "verdict", value });
  input.checked = checked;
  node.append(input, el("span", "", label));
  return node;
}
/** A labelled field with the place for what is wrong with it. */
function field(name, label, attributes) {
  const node = el("label", "mark-field");
  const said = { id: `mark-${name}-said`, "data-of": name, role: "alert" };
  node.append(el("span", "", label), el("input", "field", null, { ...attributes, name, "aria-describedby": said.id }), el("span", "field-said", "", said));
  return node;
}

// ---- while it is filled in

const written = (ms) => toLocal(ms).replace("T", " ");
const TIME = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
/** In ms; NaN where it is no time of the calendar. Seconds may be left out. */
function timeOf(name) {
  const found = TIME.exec(form[name].value.trim().replaceAll("：", ":"));
  if (!found) return NaN;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => (part ?? "00").padStart(2, "0"));
  const ms = fromLocal(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  return Number.isNaN(ms) || toLocal(ms) !== `${year}-${month}-${day}T${hour}:${minute}:${second}` ? NaN : ms;
}
const end = () => (form.open.checked ? null : timeOf("to"));
function changed(event) {
  form.to.disabled = form.open.checked;
  if (event?.target?.name) say(event.target.name === "open" ? "to" : event.target.name, "");
  stretch.show(timeOf("from"), end());
  setCount(""); // no number stands beside a stretch that it is not of
  clearTimeout(counted);
  counted = setTimeout(count, 250);
}
/** How many readings it is about: a slip of the hand is seen before it is saved. */
async function count() {
  const at = form;
  if (!at) return;
  const from = timeOf("from"), to = end() ?? Math.floor(now()), asked = counted;
  if (!(from < to)) return;
  const query = new URLSearchParams({ metric: series.metric, from: new Date(from).toISOString(), to: new Date(to).toISOString(), max_points: 2000 });
  try {
    const answer = await fetch(`${urls.stations}/${encodeURIComponent(series.station)}/readings?${query}`);
    const { points, resolution } = await answer.json();
    if (at !== form || asked !== counted) return;
    const n = resolution === "raw" ? points.length : points.reduce((sum, point) => sum + point.count, 0);
    setCount(n === 1 ? t("1 reading") : t("{n} readings", { n: n.toLocaleString("en-US") }));
  } catch {
    // The link is down, which the banner says: no number then.
  }
}
const setCount = (text) => { form.querySelector(".mark-count").textContent = text; };

// ---- sending

function say(name, sentence) {
  const said = form.querySelector(`[data-of=${name}]`);
  if (!said) return;
  said.textContent = sentence;
  form[name].toggleAttribute("aria-invalid", Boolean(sentence));
  if (sentence) form[name].setAttribute("aria-invalid", "true");
}
const sentences = {
  empty: () => t("Say why: the reason is empty."),
  order: () => t("The end must lie after the beginning."),
  future: () => t("This lies in the future; it is {at} now.", { at: toLocal(now()).slice(11) }),
  time: () => t("Write it as {example}.", { example: written(now()) }),
};
/** [field, code] of all that the server would refuse. */
function wrong() {
  const from = timeOf("from"), to = end(), found = [];
  if (Number.isNaN(from)) found.push(["from", "time"]);
  else if (from > now()) found.push(["from", "future"]);
  if (Number.isNaN(to)) found.push(["to", "time"]);
  else if (to !== null && to > now()) found.push(["to", "future"]);
  else if (to !== null && to <= from) found.push(["to", "order"]);
  if (!form.reason.value.trim()) found.push(["reason", "empty"]);
  return found;
}
function refuse(found) {
  for (const [name, code, problem] of found) say(name, sentences[code]?.() ?? problem);
  form[found[0][0]].focus();
}
async function save(done) {
  const at = form, found = wrong();
  for (const name of ["from", "to", "reason"]) say(name, "");
  form.querySelector(".mark-said").textContent = "";
  if (found.length) return refuse(found);
  const to = end();
  const body = {
    metric: series.metric, from: new Date(timeOf("from")).toISOString(), to: to === null ? null : new Date(to).toISOString(),
    verdict: form.verdict.value, reason: form.reason.value,
  };
  at.querySelector("[type=submit]").disabled = true;
  const answer = await send(`${urls.stations}/${encodeURIComponent(series.station)}/marks`, body, keyOf(body));
  if (at !== form) return;
  at.querySelector("[type=submit]").disabled = false;
  if (answer.done) {
    leave();
    return done(answer.done);
  }
  const fields = answer.fields.filter(([name]) => ["from", "to", "reason"].includes(name));
  if (fields.length) refuse(fields);
  else at.querySelector(".mark-said").textContent = answer.problem;
}
/** One key for one content: pressing Enter twice, or a lost answer, marks once. */
function keyOf(body) {
  const content = JSON.stringify(body);
  if (key?.content !== content) key = { content, id: newKey() };
  return key.id;
}

/** {done} or {problem, fields: [[field, code, problem]]}. */
export async function send(url, body, id) {
  let answer;
  try {
    answer = await post(url, body, id);
  } catch {
    return { problem: t("Not sent: no connection. Nothing was marked."), fields: [] };
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return { done: said };
  const fields = (said.errors ?? []).map((one) => [one.where.replace("body.", ""), one.code, one.problem]);
  if (answer.status === 401) return { problem: t("You have been signed out."), fields: [] };
  if (answer.status === 403) return { problem: t("Your role may not mark readings."), fields: [] };
  if (answer.status === 409) return { problem: t("{who} has withdrawn it already.", { who: said.who }), fields: [] };
  return { problem: said.detail || t("Not saved ({status}).", { status: answer.status }), fields };
}
