// The rules page: the list, the rule that is chosen, its form, versions and back-test.

import { $, GRADES, clock, el, keyed, moment, named, newKey, now, setClass, setText, shape, t } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import * as live from "../common/live.mjs";
import { get } from "../common/read.mjs";
import * as form from "./form.mjs";
import * as trial from "./trial.mjs";
import * as history from "./history.mjs";
import { rulesUrl, send } from "./send.mjs";
import { sentence, setSchema } from "./words.mjs";

const EVERY_MS = 20_000;
const page = { state: "in_force", find: "", code: null, part: "form", read: null, rules: [], schema: null };
const drafts = new Map(); // code -> {definition, version}: what was written and not saved
const NEW = ""; // the code of a rule that is not saved yet
export const shown = {}; // what the last answers said; the tests look at it
const may = () => $("content").dataset.may === "tune";

export async function start() {
  const find = el("input", "field", null, { type: "search", "aria-label": t("Find a rule"), placeholder: t("Find a rule"), autocomplete: "off" });
  find.addEventListener("input", () => { page.find = find.value.trim().toLowerCase(); drawList(); });
  $("rules-find").replaceChildren(find);
  for (const button of document.querySelectorAll("[data-state]")) button.addEventListener("click", () => choose("state", button.dataset.state));
  for (const button of document.querySelectorAll("[data-part]")) button.addEventListener("click", () => choose("part", button.dataset.part));
  $("rule-new")?.addEventListener("click", () => open(NEW));
  $("rule-back").addEventListener("click", leave);
  addEventListener("beforeunload", (event) => { if (drafts.size) event.preventDefault(); });
  on("tick", tick);
  on("first", read);
  choose("state", "in_force");
  choose("part", "form");
  live.start();
  setInterval(read, EVERY_MS);
  window.dongtai = Object.freeze({ shown, drafts, link: live.link });
}
function choose(kind, name) {
  page[kind] = name;
  for (const button of document.querySelectorAll(`[data-${kind}]`)) button.setAttribute("aria-pressed", String(button.dataset[kind] === name));
  if (kind === "state") drawList();
  else drawPart();
}
async function read() {
  try {
    page.schema ??= await get("/api/v1/rule-form");
    setSchema(page.schema);
    const { rules } = await get(rulesUrl);
    page.rules = rules;
    page.read = now();
    shown.rules = rules;
    $("data-problem").hidden = true;
    drawList();
    newsOf(rules.find((rule) => rule.code === page.code));
    const wanted = decodeURIComponent(location.hash.slice(1));
    if (page.code === null && rules.some((rule) => rule.code === wanted)) open(wanted);
  } catch (error) {
    setText($("data-problem"), t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: page.read ? clock(page.read) : "—" }));
    $("data-problem").hidden = false;
  }
  tick();
}
function tick() {
  setText($("data-as-of"), page.read ? t("as of {at}", { at: clock(page.read) }) : "");
}

// ---- the list

function fits(rule) {
  const old = rule.state === "retired";
  if (page.state === "retired" ? !old : page.state === "in_force" && old) return false;
  const text = [rule.code, named(rule.definition.label), rule.definition.metric, sentence(rule.definition)].join(" ").toLowerCase();
  return text.includes(page.find);
}
function drawList() {
  const some = page.rules.filter(fits);
  if (drafts.has(NEW)) some.unshift({ code: NEW, state: "draft", definition: drafts.get(NEW).definition, open_alerts: 0, drift: [] });
  keyed($("rules-list"), some, (rule) => rule.code, row, fill);
  $("rules-none").hidden = some.length > 0 || page.read === null;
}
function row(rule) {
  const item = el("li");
  const button = el("button", "rule-row", null, { type: "button" });
  button.append(el("span", "rule-shapes"), el("span", "rule-text"), el("span", "rule-chips"));
  button.querySelector(".rule-text").append(el("b"), el("span", "rule-says"), el("span", "rule-changed secondary"));
  button.addEventListener("click", () => open(rule.code));
  item.append(button);
  return item;
}
const gradesOf = (d) => GRADES.filter((grade) => d.grade === grade || [d.grades, d.low, d.high, ...(d.seasons ?? []).map((s) => s.grades)].some((some) => some && grade in some));
function fill(item, rule) {
  const button = item.firstElementChild;
  const key = JSON.stringify([rule.version, rule.state, rule.open_alerts, drafts.has(rule.code), rule.drift?.length]);
  if (rule.code === page.code) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  if (item.dataset.drawn === key && rule.state !== "draft") return;
  item.dataset.drawn = key;
  setClass(button, `rule-row ${rule.state}`);
  button.querySelector(".rule-shapes").replaceChildren(...gradesOf(rule.definition).map((grade) => shape(grade, false)));
  setText(button.querySelector("b"), named(rule.definition.label) || rule.code || t("New rule"));
  setText(button.querySelector(".rule-says"), rule.state === "built_in" ? t("built in") : sentence(rule.definition));
  const by = rule.version ? t("{code} · version {n} · {who}, {at}", { code: rule.code, n: rule.version, who: rule.author, at: moment(rule.created_at) }) : "";
  setText(button.querySelector(".rule-changed"), rule.covers ? `${by} · ${t("{n} series", { n: rule.covers.series })}` : by);
  button.querySelector(".rule-chips").replaceChildren(...chips(rule));
}
function chips(rule) {
  const some = [];
  if (rule.open_alerts) some.push(el("span", "mini strong", t("{n} open", { n: rule.open_alerts })));
  if (drafts.has(rule.code)) some.push(el("span", "mini dashed", t("not saved")));
  if (rule.state === "retired") some.push(el("span", "mini", t("retired")));
  if (rule.state === "unreadable") some.push(el("span", "mini strong", t("judges nothing")));
  if (rule.drift?.length) some.push(el("span", "mini", t("not as in the file")));
  return some;
}

// ---- one rule

async function open(code) {
  put();
  page.code = code;
  $("rule-none").hidden = true;
  $("rule").hidden = false;
  document.body.dataset.rule = "open";
  window.history.replaceState(null, "", code ? `#${encodeURIComponent(code)}` : location.pathname);
  drawList();
  if (code === NEW) return show(null, drafts.get(NEW)?.definition ?? { when: "above" }, []);
  try {
    const { rule, versions } = await get(`${rulesUrl}/${encodeURIComponent(code)}`);
    if (page.code !== code) return;
    show(rule, drafts.get(code)?.definition ?? rule.definition, versions);
  } catch (error) {
    say(t("Could not be read: {why}.", { why: error.message }));
  }
}
function leave() {
  put();
  page.code = null;
  $("rule").hidden = true;
  $("rule-none").hidden = false;
  delete document.body.dataset.rule;
  window.history.replaceState(null, "", location.pathname);
  drawList();
}
/** The form away, so that nothing that is typed meanwhile counts as another rule's. */
function put() {
  keepDraft();
  form.close();
  trial.stop();
}
/** What was written stays while another rule is looked at. */
function keepDraft() {
  if (page.code === null || !form.isOpen()) return;
  if (form.isDirty()) drafts.set(page.code, { definition: form.read(), version: form.version() });
  else drafts.delete(page.code);
}
function show(rule, definition, versions) {
  const draft = page.code !== null && drafts.get(page.code);
  shown.rule = rule;
  say("");
  title(rule, definition);
  form.open($("rule-form"), page.schema, {
    rule, definition, version: draft?.version ?? rule?.version ?? 0, dirty: Boolean(draft), may: may() && rule?.state !== "built_in",
    changed: () => { keepDraft(); drawList(); trial.textChanged(); }, act, discard,
  });
  if (may() && rule?.state !== "built_in") trial.open($("rule-trial"), () => form.read());
  else $("rule-trial").replaceChildren();
  history.draw($("rule-versions"), versions, may() && rule?.state !== "built_in" ? (one) => {
    form.refill(one.definition);
    choose("part", "form");
    say(t("The text of version {n} is in the form; save it to put it in force.", { n: one.version }));
  } : null);
  drawPart();
  newsOf(page.rules.find((one) => one.code === page.code));
}
function title(rule, definition) {
  setText($("rule-name"), rule ? named(definition.label) || rule.code : t("New rule"));
  const state = { retired: t("retired"), unreadable: t("judges nothing"), built_in: t("built in: it can only be read"), in_force: t("in force") }[rule?.state];
  const line = [rule?.code, state, rule && t("version {n} by {who}, {at}", { n: rule.version, who: rule.author, at: moment(rule.created_at) }),
    rule?.covers && t("covers {n} series at {m} stations", { n: rule.covers.series, m: rule.covers.stations.length }),
    rule?.open_alerts && t("{n} open", { n: rule.open_alerts })];
  setText($("rule-line"), line.filter(Boolean).join(" · "));
}
function drawPart() {
  $("rule-work").hidden = page.part !== "form";
  $("rule-versions").hidden = page.part !== "versions";
}
/** Somebody saved another version while this one is open: it is said, the form stays as it is. */
function newsOf(rule) {
  if (!rule || page.code !== rule.code || !form.isOpen() || rule.version === form.version()) return;
  say(t("This rule is now version {n} by {who}: {reason}", { n: rule.version, who: rule.author, reason: rule.reason }), t("Show that version"), () => {
    drafts.delete(rule.code);
    form.close();
    open(rule.code);
  });
}
function say(text, label = "", act = null) {
  const news = $("rule-news");
  news.hidden = !text;
  news.replaceChildren(el("span", "", text));
  if (!act) return;
  const button = el("button", "button small", label, { type: "button" });
  button.addEventListener("click", act);
  news.append(button);
}
function discard() {
  const code = page.code;
  drafts.delete(code);
  form.close();
  if (code === NEW) return leave();
  open(code);
}
/** save, retire, reinstate; the answer's fields go back into the form. */
async function act(what, definition, reason, key = newKey()) {
  const code = page.code;
  const at = `${rulesUrl}/${encodeURIComponent(code)}`;
  const version = form.version();
  const asked = {
    save: () => (code === NEW ? send("POST", rulesUrl, { definition, reason }, key) : send("PUT", at, { definition, version, reason }, key)),
    retire: () => send("POST", `${at}/retire`, { version, reason }, key),
    reinstate: () => send("POST", `${at}/reinstate`, { version, reason, definition }, key),
  };
  const answer = await asked[what]();
  if (page.code !== code) return answer;
  if (answer.done) {
    drafts.delete(code);
    form.close();
    await read();
    page.code = answer.done.code;
    await open(answer.done.code);
    say(t("Saved as version {n}. It is in force within seconds.", { n: answer.done.version }));
    if (what === "retire") say(t("Retired. What it has open ends as withdrawn."));
  } else if (answer.rule) newsOf(answer.rule);
  return answer;
}
