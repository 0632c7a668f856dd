// The form of a rule: made of the fields that the server says there are. What it does not know of a
// definition it leaves as it was.

import { el, newKey, setData, t } from "../common/core.mjs";
import { make } from "./fields.mjs";
import { headers, rulesUrl } from "./send.mjs";
import { fieldLabel, label, stationName } from "./words.mjs";

const CHECK_MS = 500;
let form = null, numbers = 0;

/** holder: where; options: {rule, definition, version, dirty, may, changed, act, discard}. */
export function open(holder, schema, options) {
  close();
  form = { ...options, schema, original: structuredClone(options.definition), node: el("form", "rule-form", null, { novalidate: "" }), key: null, asked: 0 };
  form.saved = options.rule?.definition ?? {};
  form.node.addEventListener("submit", (event) => { event.preventDefault(); act(form.rule?.state === "retired" ? "reinstate" : "save"); });
  form.node.addEventListener("input", touched);
  form.node.addEventListener("change", touched);
  holder.replaceChildren(form.node);
  build(options.definition);
  settle();
  check();
}
export function close() {
  clearTimeout(form?.timer);
  form?.node.remove();
  form = null;
}
export const isOpen = () => form !== null;
export const isDirty = () => Boolean(form?.dirty);
export const version = () => form?.version ?? 0;
/** Another text into the form, as one that is not saved yet. */
export function refill(definition) {
  form.original = structuredClone(definition);
  form.node.replaceChildren();
  build(definition);
  touched();
  settle();
}
export function read() {
  return gather(form.original, form.root);
}
/** The original, with what the fields say put in; what does not belong to the condition goes. */
function gather(original, some) {
  const found = structuredClone(original ?? {});
  const when = some.find((one) => one.field.name === "when")?.get() ?? found.when;
  for (const { field, get } of some) {
    const value = belongs(field, when, some) ? get() : undefined;
    if (value === undefined) delete found[field.name];
    else found[field.name] = value;
  }
  return found;
}
/** Of a part without a condition of its own, such as a season, every field belongs. */
const belongs = (field, when, some) => (!field.for || when === undefined || field.for.includes(when))
  && Object.entries(field.beside ?? {}).every(([name, value]) => some.find((one) => one.field.name === name)?.get() === value);

// ---- building

function build(definition) {
  form.root = [];
  for (const group of form.schema.groups) {
    const fields = form.schema.fields.filter((field) => field.group === group.code);
    if (!fields.length) continue;
    const root = el("fieldset", "rule-group", null, { "data-group": group.code });
    root.append(el("legend", "", label(group.label)));
    for (const field of fields) form.root.push(put(root, field, definition[field.name], form.root, ""));
    form.node.append(root);
  }
  form.node.append(...(form.may ? ending() : [el("p", "secondary", form.rule?.state === "built_in" ? t("A built-in rule can only be read.") : t("Your role may read rules, not change them."))]));
  if (!form.may) for (const node of form.node.querySelectorAll("input, select, textarea, button")) node.disabled = true;
}
/** One field with its label, hint and the place for what is wrong; returns {field, get, root}. */
function put(parent, field, value, siblings, above) {
  const id = `rule-field-${++numbers}`, path = above + field.name;
  const at = {
    field, path, labelId: `${id}-label`, saidId: `${id}-said`, may: form.may, fresh: !form.rule,
    metric: () => siblings.find((one) => one.field.name === "metric")?.get() ?? value?.metric,
    changed: touched,
  };
  const root = el("div", `rule-field of-${field.type}`, null, { "data-path": path });
  const made = field.type === "list" ? list(at, value) : make(at, value);
  root.append(el("span", "rule-label", label(field.label), { id: at.labelId }), made.node);
  if (!made.hintless && label(field.hint)) root.append(el("span", "rule-hint secondary", label(field.hint)));
  root.append(el("span", "field-said", "", { id: at.saidId }), el("span", "rule-advice"));
  if (field.name === "metric") root.addEventListener("change", () => offerUnit(siblings));
  parent.append(root);
  return { field, get: made.get, offer: made.offer, root };
}
/** Several of the same: seasons, conditions of a composite rule. */
function list(at, value) {
  const node = el("div", "rule-items"), items = [];
  const add = (one) => {
    const root = el("fieldset", "rule-item"), fields = [];
    const item = { original: one, fields, root };
    items.push(item);
    const away = el("button", "button small", t("Take out"), { type: "button" });
    away.addEventListener("click", () => { items.splice(items.indexOf(item), 1); root.remove(); renumber(); touched(); });
    for (const field of at.field.fields) fields.push(put(root, field, one[field.name], fields, `${at.path}.${items.length - 1}.`));
    if (at.may) root.append(away);
    node.insertBefore(root, more);
  };
  const more = el("button", "button small", t("Add one"), { type: "button" });
  more.addEventListener("click", () => { add({}); settle(); touched(); });
  const renumber = () => items.forEach((item, number) => { for (const one of item.fields) one.root.dataset.path = `${at.path}.${number}.${one.field.name}`; });
  if (at.may) node.append(more);
  else node.append(el("span"));
  for (const one of value ?? []) add(structuredClone(one));
  at.items = items;
  node.items = items;
  return { node, get: () => (items.length ? items.map((item) => gather(item.original, item.fields)) : undefined) };
}
function ending() {
  const root = el("div", "rule-ending");
  const reason = el("label", "rule-field");
  form.reason = el("input", "field", null, { type: "text", name: "reason", maxlength: "500", autocomplete: "off", "aria-describedby": "rule-reason-said" });
  form.reason.addEventListener("input", (event) => { event.stopPropagation(); form.key = null; });
  reason.append(el("span", "rule-label", t("Reason of the change")), form.reason, el("span", "field-said", "", { id: "rule-reason-said" }));
  const buttons = el("div", "rule-buttons");
  const retired = form.rule?.state === "retired";
  const button = (text, className, press) => {
    const node = el("button", className, text, { type: press ? "button" : "submit" });
    if (press) node.addEventListener("click", press);
    buttons.append(node);
    return node;
  };
  form.save = button(retired ? t("Put in force again") : t("Save"), "button primary", null);
  form.undo = button(t("Discard changes"), "button", () => form.discard());
  if (form.rule && !retired) button(t("Retire rule"), "button rule-retire", () => act("retire"));
  form.said = el("p", "mark-said", "", { role: "alert" });
  root.append(reason, buttons, form.said);
  const sum = el("div", "rule-sum");
  sum.append(el("p", "rule-whole field-said", ""), el("p", "rule-covers secondary"));
  return [sum, root];
}
/** Fields of another condition are away. */
function settle() {
  for (const some of [form.root, ...[...form.node.querySelectorAll(".rule-items")].flatMap((node) => node.items.map((item) => item.fields))]) {
    const when = some.find((one) => one.field.name === "when")?.get();
    for (const one of some) one.root.hidden = !belongs(one.field, when, some);
  }
  for (const group of form.node.querySelectorAll(".rule-group")) group.hidden = [...group.querySelectorAll(":scope > .rule-field")].every((one) => one.hidden);
  if (form.undo) form.undo.disabled = !form.dirty && Boolean(form.rule);
}

// ---- while it is filled in

function touched() {
  form.dirty = JSON.stringify(read()) !== JSON.stringify(form.saved);
  form.key = null;
  settle();
  form.changed();
  clearTimeout(form.timer);
  form.timer = setTimeout(check, CHECK_MS);
}
/** The unit follows the metric that is chosen beside it. */
function offerUnit(some) {
  const metric = some.find((one) => one.field.name === "metric").get();
  const unit = form.schema.metrics.find((one) => one.code === metric)?.unit;
  if (unit !== undefined) some.find((one) => one.field.name === "unit")?.offer(unit);
}
/** The server says what is wrong, what is covered and what it advises. */
async function check() {
  const at = form, asked = ++form.asked;
  if (!form.may) return;
  try {
    const answer = await fetch(`${rulesUrl}/check`, { method: "POST", headers: headers(), body: JSON.stringify({ definition: read() }) });
    const found = await answer.json();
    if (at !== form || asked !== form.asked || !answer.ok) return;
    show(found.mistakes);
    advise(found.advice);
    cover(found.covers);
    setData(form.node, "checked", asked);
  } catch {
    // The link is down, which the banner says; saving checks again.
  }
}
/** What is wrong, at its field; what has none is said of the whole. */
function show(mistakes) {
  const rest = [];
  for (const node of form.node.querySelectorAll(".rule-field > .field-said")) node.textContent = "";
  for (const node of form.node.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid");
  for (const { field, problem: english, text } of mistakes) {
    const problem = text ? label(text) : english;
    const root = nearest(field);
    if (!root || root.hidden) {
      rest.push(field ? `${fieldLabel(field)}: ${problem}` : problem);
      continue;
    }
    const said = root.querySelector(":scope > .field-said");
    said.textContent = said.textContent ? `${said.textContent}; ${problem}` : problem;
    root.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
  }
  form.node.querySelector(".rule-whole")?.replaceChildren(rest.join("; "));
}
/** The field of a path, or the one that it is a part of. */
function nearest(path) {
  for (let parts = path.split("."); parts.length && path; parts = parts.slice(0, -1)) {
    const found = form.node.querySelector(`[data-path="${CSS.escape(parts.join("."))}"]`);
    if (found) return found;
  }
  return null;
}
function advise(some) {
  for (const node of form.node.querySelectorAll(".rule-advice")) node.replaceChildren();
  const byField = new Map();
  for (const one of some) byField.set(`${one.field} ${one.code}`, [...(byField.get(`${one.field} ${one.code}`) ?? []), one]);
  for (const group of byField.values()) {
    // The gravest first: of the same advice for many stations one is told, and of how many.
    const worst = group.reduce((a, b) => ((b.proposed ?? 0) > (a.proposed ?? 0) ? b : a));
    const place = nearest(worst.field)?.querySelector(":scope > .rule-advice");
    if (!place) continue;
    const line = el("span", "advice", label(worst.text) + (group.length > 1 ? t(" (and {n} more stations)", { n: group.length - 1 }) : ""));
    if (worst.proposed !== null) line.append(taking(worst));
    place.append(line);
  }
}
function taking(one) {
  const button = el("button", "button small", t("Take {value}", { value: one.proposed }), { type: "button" });
  button.addEventListener("click", () => {
    const input = nearest(one.field).querySelector("input");
    input.value = one.proposed;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return button;
}
function cover(covers) {
  const node = form.node.querySelector(".rule-covers");
  if (!node || !covers) return;
  const some = covers.stations.slice(0, 12).map(stationName).join(", ");
  node.textContent = t("Covers {n} series at {m} stations", { n: covers.series, m: covers.stations.length }) + (some ? `: ${some}` : "") + (covers.stations.length > 12 ? " …" : "");
}

// ---- saving

async function act(what) {
  const at = form, reason = form.reason.value.trim();
  const said = form.node.querySelector("#rule-reason-said");
  form.said.textContent = "";
  said.textContent = reason ? "" : t("Say why: the reason is empty.");
  if (!reason) return form.reason.focus();
  form.key ??= newKey(); // the same again only where no answer came: it may have been saved
  form.save.disabled = true;
  const answer = await form.act(what, read(), reason, `${what} ${form.key}`);
  if (at !== form) return;
  form.save.disabled = false;
  if (answer.answered) form.key = null;
  if (answer.done) return;
  form.said.textContent = answer.problem;
  show(answer.mistakes.filter((one) => one.field !== "reason"));
  if (answer.mistakes.length) form.node.querySelector("[aria-invalid]")?.focus();
}
