// The page of warnings: the list, the message that is open, and what one may do with it.

import { $, GRADES, clock, el, keyed, lang, moment, named, newKey, now, post, setData, setText, shape, t, urls, user } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import * as live from "../common/live.mjs";
import { get } from "../common/read.mjs";
import * as form from "./form.mjs";
import * as map from "./map.mjs";
import * as view from "./view.mjs";
import { STATUS, TYPES, say, soonOver, standingText } from "./words.mjs";

const EVERY_MS = 5000;
const GROUPS = [
  ["submitted", () => t("To approve"), (one) => one.standing === "submitted"],
  ["in_force", () => t("In force"), (one) => ["in_force", "cancel"].includes(one.standing)],
  ["draft", () => t("Drafts"), (one) => one.standing === "draft"],
  ["over", () => t("Past"), () => true],
];
const SCROLLED = [".warn-main", ".app"]; // what scrolls instead of the message on narrow screens
const page = { all: [], open: null, life: null, node: null, key: newKey(), check: 0, language: lang, dirty: false, begun: false, readAt: null, asked: 0 };
const main = () => $("content").dataset;

export function start() {
  for (const button of document.querySelectorAll("[data-preview]")) button.addEventListener("click", () => speak(button.dataset.preview));
  $("warn-new")?.addEventListener("click", () => write(null));
  on("first", begin);
  on("tick", () => draw());
  live.start();
  speak(lang);
  addEventListener("hashchange", () => open(location.hash.slice(1)));
  setInterval(() => !document.hidden && read(), EVERY_MS);
  window.dongtai = Object.freeze({ page, link: live.link, get map() { return map.map; } });
}
async function begin() {
  if (page.begun) return;
  page.begun = true;
  await read();
  const alert = new URLSearchParams(location.search).get("alert");
  if (alert) await write(alert);
  else if (location.hash) await open(location.hash.slice(1));
}
function problem(text) {
  setText($("data-problem"), text);
  $("data-problem").hidden = !text;
}

// ---- the list

async function read() {
  try {
    const [openOnes, rest] = await Promise.all([get(`${urls.warnings}?state=open`), get(`${urls.warnings}?limit=60`)]);
    const seen = new Map([...openOnes.warnings, ...rest.warnings].map((one) => [one.id, one]));
    page.all = [...seen.values()];
    page.readAt = now();
    problem("");
    draw();
    const known = seen.get(page.open);
    if (known && page.life && known.version !== page.life.version) await refresh(known);
  } catch (error) {
    problem(t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: page.readAt ? clock(page.readAt) : "—" }));
  }
}
/** Somebody else was at it: what is being typed stays, and the writer is told. */
async function refresh(known) {
  if (page.dirty || map.isDrawing()) return say_(t("It changed meanwhile (version {n}). Saving will be refused; copy your text, then open it again.", { n: known.version }), true);
  await open(known.id, true);
}
function draw() {
  const left = new Set(page.all);
  const groups = GROUPS.map(([key, label, belongs]) => {
    const found = [...left].filter(belongs);
    for (const one of found) left.delete(one);
    if (key === "in_force") found.sort((a, b) => gravity(a) - gravity(b)); // as on the city page
    return { key, label: label(), found };
  }).filter(({ found }) => found.length);
  keyed($("warn-list"), groups, ({ key }) => key, makeGroup, fillGroup);
  $("warn-empty").hidden = groups.length > 0 || page.readAt === null;
}
const gravity = (one) => (one.standing === "cancel" ? 10 : 0) + GRADES.indexOf(one.content.grade);
function makeGroup() {
  const root = el("section", "warn-group");
  root.append(el("h3", "list-title"), el("ul"));
  return root;
}
function fillGroup(root, { label, found }) {
  setText(root.firstChild, `${label} ${found.length}`);
  keyed(root.lastChild, found, (one) => one.id, makeRow, fillRow);
}
function makeRow(one) {
  const root = el("li", "warn-row"), button = el("button", "warn-row-button", null, { type: "button" });
  button.append(el("span", "warn-row-shape"), el("b", "warn-row-name"), el("span", "warn-row-state secondary"), el("span", "warn-row-kind quiet"));
  button.addEventListener("click", () => open(one.id));
  root.append(button);
  return root;
}
function fillRow(root, one) {
  const holder = root.querySelector(".warn-row-shape"), key = `${one.content.grade}|${one.standing === "in_force"}`;
  if (holder.dataset.look !== key) {
    holder.dataset.look = key;
    holder.replaceChildren(shape(one.content.grade, false));
  }
  setText(root.querySelector(".warn-row-name"), named(one.content.headline) || t("No headline yet"));
  setText(root.querySelector(".warn-row-state"), standingText(one));
  const kind = [say(STATUS, one.content.status), one.number > 1 ? say(TYPES, one.type) : "", one.author].filter(Boolean).join(" · ");
  setText(root.querySelector(".warn-row-kind"), kind);
  setData(root, "standing", one.standing);
  setData(root, "soon", soonOver(one) ? "yes" : null);
  setData(root, "current", one.id === page.open ? "yes" : null);
  root.firstChild.setAttribute("aria-current", String(one.id === page.open));
}

// ---- one message

/** A new draft, blank or of an alert; nothing is stored until it is saved. */
async function write(alert) {
  if (!leave()) return;
  const asked = ++page.asked;
  try {
    const begun = await get(`${urls.warnings}/start${alert ? `?alert=${encodeURIComponent(alert)}` : ""}`);
    if (asked !== page.asked || !leave()) return;
    page.open = null;
    page.life = { id: null, version: 0, type: "Alert", number: 1, standing: "draft", content: begun.content, alert: begun.alert, steps: [], before: null, others: begun.warnings };
    history.replaceState(null, "", location.pathname);
    edit();
  } catch (error) {
    problem(error.message);
  }
}
async function open(id, quietly = false) {
  if (!id || (id === page.open && !quietly) || !leave()) return;
  const asked = quietly ? page.asked : ++page.asked;
  let life;
  try {
    life = await get(`${urls.warnings}/${encodeURIComponent(id)}`);
  } catch (error) {
    return problem(error.message);
  }
  // While it was on its way another one was asked for, or the one that is open was written in.
  if (asked !== page.asked || (quietly && page.open !== id)) return;
  if (quietly && (page.dirty || map.isDrawing())) return refresh(life);
  if (!leave()) return;
  page.life = life;
  page.open = id;
  history.replaceState(null, "", `${location.pathname}#${id}`);
  const mine = page.life.mine || page.life.author === user;
  if (page.life.standing === "draft" && main().writes === "yes") edit();
  else if (page.life.standing === "submitted" && main().approves === "yes" && !mine) approve();
  else read_only();
}
/** false: a person wants to stay with what is not saved. */
function leave() {
  if (page.dirty && !confirm(t("What you wrote is not saved. Leave it?"))) return false;
  page.dirty = false;
  return true;
}
function place(...nodes) {
  map.cancel();
  $("warn-none").hidden = true;
  $("warn-side").hidden = false;
  const holder = $("warn-message");
  holder.hidden = false;
  map.unseat(); // else it would go with what it stands in
  holder.replaceChildren(head(), ...nodes, el("p", "warn-said", "", { id: "warn-said", role: "status" }));
  map.seat();
  for (const node of [holder, ...SCROLLED.map((each) => holder.closest(each))]) node.scrollTop = 0;
  setData(document.body, "warning", "open");
  draw();
  map.start().then(() => map.show(page.life.content.area, page.life.content.grade, true)).catch((error) => setText($("warn-map-said"), error.message));
  previewNow(page.life.content);
}
function head() {
  const { life } = page, root = el("div", "warn-title");
  const back = button(t("Back to the list"), () => leave() && close(), "small warn-back");
  const words = el("div", "warn-title-words");
  words.append(el("h2", "", life.id ? say(TYPES, life.type) : t("New warning")), el("p", "secondary", life.id ? standingText(life) : t("Not saved yet")));
  root.append(back, words);
  return root;
}
function close() {
  map.cancel();
  map.unseat();
  page.asked += 1;
  page.open = page.life = page.node = null;
  $("warn-message").hidden = $("warn-side").hidden = true;
  $("warn-none").hidden = false;
  setData(document.body, "warning", null);
  history.replaceState(null, "", location.pathname);
  draw();
}
function button(label, act, className = "") {
  const node = el("button", `button ${className}`.trim(), label, { type: "button" });
  node.addEventListener("click", act);
  return node;
}
function bar(...nodes) {
  const root = el("div", "warn-bar");
  root.append(...nodes);
  return root;
}
function say_(text, wrong = false) {
  const node = $("warn-said");
  setText(node, text);
  setData(node, "wrong", wrong ? "yes" : null);
}

// ---- writing

function edit() {
  const { life } = page;
  page.node = form.build(life.content, changed);
  setData(page.node, "fresh", life.id ? null : "yes");
  page.dirty = false;
  const save = button(t("Save draft"), () => store(false));
  const send = button(t("Send to a second person"), () => store(true), "primary");
  const nodes = [page.node, el("p", "warn-check secondary", "", { id: "warn-check", role: "status" }), bar(send, save, ...(life.id ? [reasoned(t("Discard"), "discard", false)] : []))];
  if (life.others?.length) nodes.unshift(others(life.others));
  const back = life.steps.at(-1);
  if (back?.kind === "returned") nodes.unshift(el("p", "warn-by", t("Sent back by {who}: {why}", { who: back.who, why: back.reason })));
  if (life.before) nodes.push(view.changes(life.before, life.content, life.differences));
  if (life.id) nodes.push(view.steps(life));
  place(...nodes);
  checkNow();
}
/** What has been written of the same alert already. */
function others(found) {
  const root = el("p", "warn-others");
  root.append(t("Of this alert there is already: "));
  for (const one of found.slice(0, 3)) root.append(button(`${named(one.content.headline) || say(TYPES, one.type)} · ${standingText(one)}`, () => open(one.id), "small"), " ");
  return root;
}
function changed() {
  if (!page.node?.isConnected) return;
  page.dirty = true;
  page.key = newKey();
  const content = form.read(page.node, page.life.content);
  map.show(content.area, content.grade);
  previewNow(content);
  clearTimeout(page.check);
  page.check = setTimeout(checkNow, 500);
}
async function checkNow() {
  const node = page.node, { life } = page;
  if (!node?.isConnected) return;
  const body = { content: form.read(node, life.content), id: life.id, alert: life.alert };
  try {
    const answer = await post(`${urls.warnings}/check`, body, newKey());
    const said = await answer.json();
    if (node !== page.node) return;
    const faults = answer.ok ? told(said.faults) : told(said.errors ?? [], said.detail);
    form.complain(node, faults);
    setText($("warn-check"), faults.length ? form.summary(faults) : t("Nothing stands against it: it can go to a second person."));
    setData($("warn-check"), "good", faults.length ? null : "yes");
  } catch {
    if (node === page.node) setText($("warn-check"), t("Not checked: no connection."));
  }
}
const told = (faults, detail = "") => faults.map(({ where, problem: said }) => ({ where: where.replace(/^(body\.)?content\./, ""), text: typeof said === "string" ? said : named(said) })).concat(faults.length || !detail ? [] : [{ where: "area", text: detail }]);

/** Nothing is written into the form until the answer is there: what is shown is then what is kept. */
async function store(andSend) {
  const { node } = page;
  if (andSend) {
    setData(node, "fresh", null);
    checkNow();
  }
  map.cancel();
  form.freeze(node, true);
  try {
    await kept(andSend);
  } finally {
    form.freeze(node, false);
  }
}
async function kept(andSend) {
  const { life } = page, content = form.read(page.node, life.content);
  let saved = life;
  if (page.dirty || !life.id) {
    const body = life.id ? { version: life.version, content } : { content, alert: life.alert };
    saved = await send(life.id ? `${life.id}/edit` : "", body, page.key);
    if (!saved) return;
    if (page.life !== life) return read(); // another one was opened meanwhile, and stays
    page.dirty = false;
    page.life = { ...life, ...saved };
    page.open = saved.id;
  }
  if (andSend) {
    const sent = await send(`${saved.id}/submit`, { version: saved.version }, newKey());
    if (!sent || page.open !== saved.id) return read(); // saved, though not sent up; or another is open
    saved = sent;
  }
  page.open = null;
  await open(saved.id);
  if (page.open === saved.id) say_(andSend ? t("Sent. A second person must approve it; you cannot.") : t("Saved {at}.", { at: clock(now()) }));
  read();
}
/** The answer, or null after the refusal has been said. */
async function send(path, body, key) {
  // What was off before stays off: nothing is approved unread because something else was refused.
  const held = [...document.querySelectorAll(".warn-bar button:enabled")];
  for (const node of held) node.disabled = true;
  try {
    const answer = await post(path ? `${urls.warnings}/${path}` : urls.warnings, body, key);
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    if (page.node?.isConnected && said.errors) form.complain(page.node, told(said.errors));
    say_(refusal(answer.status, said), true);
    if (page.node?.isConnected && said.errors) {
      form.freeze(page.node, false);
      form.first(page.node).focus();
    }
  } catch {
    say_(t("Not sent: no connection. Try again."), true);
  } finally {
    for (const node of held) node.disabled = false;
  }
  return null;
}
function refusal(status, said) {
  if (said.code === "own") return t("A second person approves it; you wrote of this one yourself.");
  if (said.code === "changed") return t("It changed meanwhile; open it again.");
  if (said.code === "being_written") return t("{who} is writing a message of this event already.", { who: said.warning.author });
  if (said.code === "over") return t("It is no longer in force: write a new warning.");
  if (said.code === "faults") return form.summary(told(said.errors));
  if (status === 401) return t("You have been signed out.");
  return said.detail || t("Not saved ({status}).", { status });
}

// ---- the second person

function approve() {
  page.node = null;
  const { life } = page, nodes = [view.reading(life)];
  if (life.before) nodes.push(view.changes(life.before, life.content, life.differences));
  if (life.faults.length) nodes.push(el("p", "warn-check", form.summary(told(life.faults))));
  const sure = el("label", "check");
  const box = el("input", "", null, { type: "checkbox", id: "warn-sure" });
  const publish = button(life.type === "Cancel" ? t("Approve: call it off now") : t("Approve: publish now"), () => act("approve", {}), "primary");
  publish.disabled = true;
  box.addEventListener("change", () => (publish.disabled = !box.checked || life.faults.length > 0));
  sure.append(box, t("I have read both languages and looked at the area."));
  place(...nodes, el("p", "warn-by", t("Written by {who}. What you approve goes to the public at once, as {status}.", { who: life.author, status: say(STATUS, life.content.status) })), sure,
    bar(publish, reasoned(t("Send back"), "return", true), ...(main().writes === "yes" ? [button(t("Edit it myself"), edit)] : [])), view.steps(life));
}
function read_only() {
  page.node = null;
  const { life } = page, nodes = [view.reading(life)], writes = main().writes === "yes";
  if (life.before) nodes.push(view.changes(life.before, life.content, life.differences));
  if (life.standing === "submitted") {
    nodes.push(el("p", "warn-by", t("A second person must approve it. Who wrote of it cannot.")));
    if (writes) nodes.push(bar(button(t("Edit"), edit), reasoned(t("Discard"), "discard", false)));
  }
  if (life.standing === "in_force" && writes) nodes.push(bar(button(t("Update"), () => act("update", {}, false), "primary"), button(t("Call off"), () => act("cancel", {}, false))));
  nodes.push(view.steps(life));
  if (life.cap) {
    const more = el("details", "warn-more");
    more.append(el("summary", "", t("The message as it went out (CAP 1.2)")), el("pre", "warn-cap", life.cap, { tabindex: "0" }));
    nodes.push(more);
  }
  if (life.messages.length > 1) nodes.push(thread(life));
  place(...nodes);
}
function thread(life) {
  const root = el("section", "warn-part"), list = el("ul", "warn-thread");
  root.append(el("h3", "part-title", t("Messages of this event")), list);
  for (const one of life.messages) {
    const row = el("li");
    row.append(button(`${one.number}. ${say(TYPES, one.type)} · ${standingText(one)} · ${moment(one.published_at ?? one.created_at)}`, () => open(one.id), "small"));
    list.append(row);
  }
  return root;
}
async function act(what, more, versioned = true) {
  const done = await send(`${page.life.id}/${what}`, versioned ? { version: page.life.version, ...more } : more, newKey());
  if (!done) return;
  page.open = null;
  page.dirty = false;
  await open(done.id);
  read();
}
/** A button that asks for a reason before it acts. */
function reasoned(label, what, required) {
  const root = el("span", "warn-reasoned"), field = el("input", "field", null, { type: "text", maxlength: "500", "aria-label": t("Reason"), placeholder: t("Reason") });
  const first = button(label, () => { root.replaceChildren(field, go, stop); field.focus(); });
  const go = button(label, () => (required && !field.value.trim() ? missing() : act(what, { reason: field.value.trim() || null })), "small");
  const missing = () => { say_(t("Say why: the journal keeps it."), true); field.focus(); };
  const stop = button(t("Keep it"), () => root.replaceChildren(first), "small");
  field.addEventListener("keydown", (event) => event.key === "Enter" && go.click());
  root.append(first);
  return root;
}

// ---- the preview

function speak(language) {
  page.language = language;
  for (const node of document.querySelectorAll("[data-preview]")) node.setAttribute("aria-pressed", String(node.dataset.preview === language));
  if (page.life) previewNow(page.node?.isConnected ? form.read(page.node, page.life.content) : page.life.content);
}
function previewNow(content) {
  $("warn-preview").replaceChildren(view.preview(content, page.language, page.life.type));
}
