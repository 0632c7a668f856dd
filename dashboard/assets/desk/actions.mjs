// What a person does with an alert or its station: shelve, hand over, note, reset, out of service.

import { $, el, gradeWord, keyed, listed, metricName, moment, newKey, now, post, replaying, setText, t, urls } from "../common/core.mjs";
import { alerts, allOf, chosen, emit, isMuted, isOn, isOwned, on, putAlert, stations } from "../common/state.mjs";
import { muteText } from "../common/aside.mjs";
import { outside } from "../common/mine.mjs";
import { get } from "../common/read.mjs";

let open = null; // {name, alert, station, node, key, grade}: the alert as it was read, the grade last told
const MIN = 60, HOUR = 3600, DAY = 86400;

export function start() {
  for (const event of ["first", "all", "change", "tick", "chosen"]) on(event, draw);
}
/** S: the shelf of the chosen alert; it goes up or comes down. */
export function shelveCurrent() {
  const button = $("act-buttons").querySelector("[data-key=shelve], [data-key=unshelve]");
  if (button && !$("drawer").hidden) button.click();
}

// ---- which actions there are

const may = (what) => $("drawer-act").dataset[what] === "yes";
function target() {
  const station = stations.get(chosen.station);
  const alert = alerts.get(chosen.alert) ?? (station ? allOf(station.code)[0] : null);
  return { station, alert: alert ?? null };
}
function wanted({ station, alert }) {
  const list = [];
  if (replaying()) return list;
  if (outside(station.department)) return list; // `said` says whose it is
  if (alert && may("act")) {
    const shelved = isMuted(alert) && alert.muted.kind === "shelved";
    if (shelved) list.push("unshelve");
    else if (!isMuted(alert)) list.push("shelve");
    if (alert.latched && !isOn(alert)) list.push("reset");
    if (isOwned(alert)) list.push("hand");
    list.push("note");
  }
  if (station && may("service")) list.push(station.out_of_service?.length ? "in" : "out");
  return list;
}
const LABELS = {
  shelve: () => t("Shelve"), unshelve: () => t("Unshelve"), reset: () => t("Reset"), hand: () => t("Hand over"),
  note: () => t("Note"), out: () => t("Out of service"), in: () => t("Back in service"),
};
// What stands in its place once it is done: the keyboard goes on from there.
const UNDONE = { shelve: "unshelve", unshelve: "shelve", out: "in", in: "out" };
function draw() {
  const at = target(), list = at.station ? wanted(at) : [];
  const facts = at.station ? said(at) : [];
  $("drawer-act").hidden = list.length === 0 && facts.length === 0;
  keyed($("act-facts"), facts, ({ key }) => key, () => el("li"), (node, { text }) => setText(node, text));
  const focused = document.activeElement.closest("#act-buttons [data-key]")?.dataset.key;
  keyed($("act-buttons"), list, (name) => name, make, () => {});
  if (focused && !button(focused)) button(UNDONE[focused])?.focus({ preventScroll: true });
  if (open && (open.alert?.id !== at.alert?.id || open.station.code !== at.station?.code)) close();
  if (open?.alert && open.grade !== at.alert.grade) moved(at.alert);
}
/** Who keeps it quiet, until when, and why. */
function said({ station, alert }) {
  const facts = (station.out_of_service ?? []).map((one) => ({
    key: `out-${one.id}`,
    text: [muteText({ ...one, kind: "out_of_service" }), one.metrics && listed(one.metrics.map(metricName)), one.who, one.why].filter(Boolean).join(" · "),
  }));
  const notMine = may("act") || may("service") ? outside(station.department) : "";
  if (notMine) facts.push({ key: "whose", text: notMine });
  if (alert && isMuted(alert) && alert.muted.kind !== "out_of_service") {
    const { muted } = alert;
    const by = muted.kind === "suppressed" ? t("because of {what}", { what: muted.why }) : muted.why;
    facts.push({ key: `muted-${muted.id}`, text: [muteText(muted), by, t("since {at}", { at: moment(muted.since) })].join(" · ") });
  }
  return facts;
}
function make(name) {
  const button = el("button", "button small", null, { type: "button", "aria-expanded": "false" });
  button.append(el("span", "", LABELS[name]()));
  if (name === "shelve" || name === "unshelve") button.append(el("kbd", "", "S", { "aria-hidden": "true" }));
  button.addEventListener("click", () => (open?.name === name ? close(true) : show(name)));
  return button;
}

// ---- the form of an action

const FORMS = {
  shelve: ({ alert }) => [shelfLengths(alert), text("reason", t("Reason"))],
  unshelve: () => [text("reason", t("Reason"))],
  reset: () => [text("note", t("What was found"))],
  hand: () => [owners(), text("note", t("Note (may be empty)"), false)],
  note: () => [text("note", t("Note"))],
  out: ({ station }) => [lengths(t("For"), [HOUR, 8 * HOUR, DAY, null]), metrics(station), text("reason", t("Reason"))],
  in: () => [text("reason", t("Reason"))],
};
const shelfLengths = ({ grade }) => lengths(t("For"), grade === "red" ? [15 * MIN, 30 * MIN, HOUR] : [30 * MIN, 2 * HOUR, 8 * HOUR, 12 * HOUR]);
function show(name) {
  close();
  const at = target();
  if (!at.station) return;
  const form = el("form", "act-form", null, { novalidate: "" });
  const send = el("button", "button primary", LABELS[name](), { type: "submit" });
  const cancel = el("button", "button", t("Cancel"), { type: "button" });
  const last = el("div", "act-last");
  last.append(send, cancel);
  form.append(...FORMS[name](at).filter(Boolean), last, el("p", "ack-said", "", { role: "alert" }));
  cancel.addEventListener("click", () => close(true));
  form.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the desk's own keys rest
    if (event.key === "Escape") close(true);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(form, send); });
  // A key for each attempt that may be answered: pressing Enter twice, or a lost answer, does it once.
  // The alert as it was read: its version is sent, whatever has come by the stream since.
  open = { name, ...at, node: form, key: newKey(), grade: at.alert?.grade };
  $("act-form").replaceChildren(form);
  button(name)?.setAttribute("aria-expanded", "true");
  form.querySelector("input:checked, input, select")?.focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
}
/** Graver or less grave than it was read: said, and how long is chosen anew. */
function moved(alert) {
  open.grade = alert.grade;
  if (open.name === "shelve") redraw(alert);
  setText(open.node.querySelector(".ack-said"), t("It is {grade} now; look at it again.", { grade: gradeWord(alert.grade) }));
}
/** The choices of the alert as it is now, none chosen: an Enter meant for the old ones sends nothing. */
function redraw(alert) {
  open.alert = alert;
  const choices = shelfLengths(alert);
  for (const input of choices.querySelectorAll("input")) input.checked = false;
  open.node.querySelector("fieldset").replaceWith(choices);
}
/** Refused because it is another by now: what is sent next is of what is read now. */
function reread(alert) {
  if (open.name === "shelve" && open.alert.grade !== alert.grade) redraw(alert);
  open.alert = alert;
  open.grade = alert.grade;
}
const button = (name) => $("act-buttons").querySelector(`[data-key=${name}]`);
function close(back = false) {
  if (!open) return;
  const { name } = open;
  open.node.remove();
  open = null;
  button(name)?.setAttribute("aria-expanded", "false");
  if (back) (button(name) ?? button(UNDONE[name]) ?? $("drawer-close")).focus({ preventScroll: true });
}
function text(name, label, required = true) {
  const node = el("label", "act-field");
  node.append(el("span", "", label), el("input", "field", null, { name, type: "text", maxlength: "500", autocomplete: "off", ...(required ? { required: "" } : {}) }));
  return node;
}
/** Choices of how long; null: until further notice. The end is said beside each. */
function lengths(label, seconds) {
  const node = el("fieldset", "act-field"), choices = el("div", "choices");
  node.append(el("legend", "", label), choices);
  seconds.forEach((s, i) => {
    const choice = el("label", "choice"), words = el("span");
    const input = el("input", "", null, { type: "radio", name: "hold", value: String(s ?? "") });
    input.checked = i === 0;
    if (s === null) words.append(t("until further notice"));
    else words.append(round(s), " ", el("small", "", t("until {at}", { at: moment(new Date(now() + s * 1000).toISOString()) })));
    choice.append(input, words);
    choices.append(choice);
  });
  return node;
}
const round = (s) => (s < HOUR ? t("{min} min", { min: s / MIN }) : t("{h} h", { h: s / HOUR }));
function metrics(station) {
  if (!chosen.metric || Object.keys(station.latest).length < 2) return null;
  const node = el("label", "check");
  node.append(el("input", "", null, { type: "checkbox", name: "one" }), t("only {metric}, which the chart shows", { metric: metricName(chosen.metric) }));
  return node;
}
function owners() {
  const node = el("label", "act-field"), list = el("select", "field", null, { name: "to", required: "" });
  node.append(el("span", "", t("To")), list);
  get(`${urls.alerts}/owners`).then(({ owners: found }) => {
    const owner = open?.alert?.owner;
    list.replaceChildren(...found.filter((name) => name !== owner).map((name) => el("option", "", name, { value: name })));
  }).catch(() => setText(open?.node.querySelector(".ack-said"), t("Not sent: no connection. Nothing was changed.")));
  return node;
}

// ---- sending it

function request(form) {
  const { name, alert, station } = open;
  const value = (field) => form.elements[field]?.value.trim() ?? "";
  const length = form.elements.hold?.value;
  const until = length ? new Date(now() + Number(length) * 1000).toISOString() : null;
  const of = `${urls.alerts}/${encodeURIComponent(alert?.id ?? "")}`, at = `${urls.stations}/${encodeURIComponent(station.code)}`;
  const version = alert?.version;
  return {
    shelve: () => [`${of}/shelve`, { reason: value("reason"), until, version }],
    unshelve: () => [`${of}/unshelve`, { reason: value("reason"), version }],
    reset: () => [`${of}/reset`, { note: value("note"), version }],
    hand: () => [`${of}/hand-over`, { to: value("to"), note: value("note"), version }],
    note: () => [`${of}/notes`, { note: value("note") }],
    out: () => [`${at}/out-of-service`, { reason: value("reason"), until, metrics: form.elements.one?.checked ? [chosen.metric] : null }],
    in: () => [`${at}/in-service`, { reason: value("reason") }],
  }[name]();
}
async function submit(form, send) {
  const missing = [...form.querySelectorAll("[required]")].find((field) => !field.value.trim());
  if (missing) {
    setText(form.querySelector(".ack-said"), t("Say why: the journal keeps it."));
    return missing.focus();
  }
  if (form.querySelector("[name=hold]") && !form.querySelector("[name=hold]:checked")) {
    setText(form.querySelector(".ack-said"), t("Choose for how long."));
    return form.querySelector("[name=hold]").focus();
  }
  send.disabled = true;
  form.querySelector(".ack-said").textContent = "";
  const problem = await sent(...request(form), open.key);
  send.disabled = false;
  if (problem) setText(form.querySelector(".ack-said"), problem);
  else close(true);
}
/** Returns null when it is done, else a sentence. */
async function sent(url, body, key) {
  let answer;
  try {
    answer = await post(url, body, key);
  } catch {
    return t("Not sent: no connection. Nothing was changed.");
  }
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) {
    if (found.version) putAlert(found);
    $("live-words").textContent = t("Done");
    emit("change", { stations: [], alerts: [] });
    return null;
  }
  if (open) open.key = newKey(); // it was answered: what is sent next is another request
  if (found.alert) {
    putAlert(found.alert);
    if (open?.alert?.id === found.alert.id) reread(found.alert);
  }
  if (answer.status === 403) return t("Your role may not do that.");
  if (answer.status === 401) return t("You have been signed out.");
  if (answer.status === 409 && found.who) return t("{who} was first: {why}", { who: found.who, why: found.detail });
  if (answer.status === 409 && found.alert) return t("It changed meanwhile; look at it again.");
  return found.detail || found.title || t("Not done ({status}).", { status: answer.status });
}
