// What could not be used: by reason, its messages as harmless text, and their replay after a fix.

import { $, clock, date, el, keyed, moment, post, setData, setText, t, word } from "../common/core.mjs";
import { count, feedName } from "./books.mjs";

const SOON_MS = 1000;
const state = { code: null, groups: [], messages: [], cursor: null, replays: [], more: [], timer: null };
let again = () => {};

export function start(read) {
  again = read;
  if (!$("replay")) return;
  $("replay").addEventListener("click", replay);
  $("older").addEventListener("click", older);
}
export const address = (cursor = null) => "/api/v1/quarantine?limit=20"
  + (state.code ? `&code=${encodeURIComponent(state.code)}` : "") + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : "");
export function draw({ groups, messages, replays, cursor }) {
  Object.assign(state, { groups, messages, replays });
  if (!state.more.length) state.cursor = cursor;
  setText($("tab-quarantine-count"), groups.length ? count(groups.reduce((n, g) => n + g.waiting, 0)) : "");
  $("groups-none").hidden = groups.length > 0;
  const waiting = groups.reduce((n, g) => n + g.waiting, 0);
  setText($("groups-note"), groups.length ? t("{n} not replayed", { n: count(waiting) }) : "");
  keyed($("groups"), groups, (g) => g.code, makeGroup, fillGroup);
  group();
}

// ---- groups

function makeGroup(one) {
  const root = el("li", "group");
  const name = el("button", "group-button", null, { type: "button" });
  name.append(el("b", "group-word"), el("span", "group-count"));
  root.append(name, el("span", "group-why"), el("span", "group-example"), el("span", "group-facts quiet"));
  name.addEventListener("click", () => choose(one.code));
  return root;
}
function fillGroup(root, one) {
  setData(root, "current", state.code === one.code ? "true" : null);
  root.querySelector("button").setAttribute("aria-pressed", String(state.code === one.code));
  setText(root.querySelector(".group-word"), reason(one.code));
  setText(root.querySelector(".group-count"), count(one.count));
  setText(root.querySelector(".group-why"), meaning(one.code));
  setText(root.querySelector(".group-example"), visible(one.example));
  setText(root.querySelector(".group-facts"), [
    one.feeds.map(feedName).join(t(", ")), t("newest {at}", { at: moment(one.newest) }),
    one.waiting === one.count ? t("none replayed") : one.waiting === 0 ? t("all replayed") : t("{n} not replayed", { n: count(one.waiting) }),
  ].join(" · "));
}
/** The words for a code; a code that nobody has worded yet is shown as it is. */
const reason = (code) => worded("kept", code) ?? code;
/** What it means and what helps, in the reader's language: the text of the message is data, and English. */
const meaning = (code) => worded("why", code) ?? "";
function worded(what, code) {
  const found = word(`${what}_${code}`);
  return found === `${what}_${code}` ? null : found;
}
async function choose(code) {
  state.code = code;
  state.more = [];
  state.cursor = null;
  setText($("replay-said"), "");
  state.messages = [];
  group();
  await again();
  if (matchMedia("(max-width: 1023px)").matches) $("group").scrollIntoView({ block: "start" });
}

// ---- one group

function group() {
  const one = state.groups.find((g) => g.code === state.code);
  $("group").hidden = !one;
  $("group-none").hidden = Boolean(one) || !state.groups.length;
  if (!one) return;
  setText($("group-name"), reason(one.code));
  setText($("group-code"), one.code);
  setText($("group-why"), meaning(one.code));
  const open = state.replays.find((r) => r.state !== "done" && (r.code === one.code || r.code === null));
  const may = $("content").dataset.replays === "yes";
  $("replay").hidden = !may || one.waiting === 0;
  $("replay").disabled = Boolean(open);
  setText($("replay"), open ? t("Replay is asked for") : one.waiting === 1 ? t("Replay 1 message") : t("Replay {n} messages", { n: count(one.waiting) }));
  keyed($("replays"), state.replays.filter((r) => r.code === one.code || r.code === null).slice(0, 3), (r) => r.id, () => el("li"), fillReplay);
  keyed($("messages"), [...state.messages, ...state.more], (m) => m.id, makeMessage, fillMessage);
  $("older").hidden = !state.cursor;
  clearTimeout(state.timer);
  if (open) state.timer = setTimeout(again, SOON_MS);
}
const OUTCOMES = { stored: () => t("stored"), duplicate: () => t("duplicate"), revised: () => t("revised"), quarantined: () => t("quarantined") };
const outcome = (name) => OUTCOMES[name]?.() ?? name;
/** Asked, running, done: what was replayed, and what was refused again and why. */
function fillReplay(root, one) {
  const who = t("{at}, {who}", { at: moment(one.asked_at), who: one.asked_by });
  const came = Object.entries(one.outcomes).map(([name, n]) => `${outcome(name)} ${count(n)}`).join(t(", "));
  const done = [
    t("{n} replayed", { n: count(one.replayed) }) + (came ? t(" ({what})", { what: came }) : ""),
    t("{n} refused again", { n: count(one.refused) }),
  ].join(t(", "));
  const text = { asked: t("Asked for, waiting for ingest"), running: t("Running: {done}", { done }), done: t("Done: {done}", { done }) }[one.state];
  const why = Object.entries(one.why).map(([sentence, n]) => `${count(n)} × ${sentence}`);
  const key = JSON.stringify([text, why, who]);
  if (root.dataset.said === key) return;
  root.dataset.said = key;
  root.replaceChildren(el("b", "", text), el("span", "secondary", who), ...why.map((line) => el("span", "replay-why", line)));
  setData(root, "state", one.state);
}
function makeMessage() {
  const root = el("li", "message");
  const head = el("div", "message-head");
  head.append(el("time", ""), el("span", "message-topic"), el("span", "message-size secondary"), el("span", "message-done secondary"));
  root.append(head, el("p", "message-reason"), el("pre", "payload"));
  return root;
}
function fillMessage(root, one) {
  const ms = Date.parse(one.received_at);
  setText(root.querySelector("time"), `${date(ms)} ${clock(ms)}`);
  setText(root.querySelector(".message-topic"), visible(one.topic));
  setText(root.querySelector(".message-size"), t("{n} bytes", { n: count(one.size) }));
  setText(root.querySelector(".message-done"), one.replayed_at ? t("replayed {at}: {what}", { at: moment(one.replayed_at), what: outcome(one.outcome) }) : "");
  setText(root.querySelector(".message-reason"), visible(one.reason));
  const { text, cut } = payload(one.payload);
  setText(root.querySelector(".payload"), text + (cut ? ` … ${t("cut")}` : ""));
}
function payload(body) {
  if (body.text !== undefined) return { text: body.text || t("(empty)"), cut: body.cut };
  const bytes = Uint8Array.from(atob(body.base64), (c) => c.charCodeAt(0));
  return { text: hex(bytes), cut: body.cut };
}
/** Sixteen bytes a line, as a dump shows them. */
function hex(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    lines.push([...bytes.slice(at, at + 16)].map((b) => b.toString(16).padStart(2, "0")).join(" "));
  }
  return lines.join("\n");
}
/** Control characters and those that turn the writing round are spelled out, never obeyed. */
const visible = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
  (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

// ---- acts

async function older() {
  const code = state.code;
  const answer = await fetch(address(state.cursor)).catch(() => null);
  if (!answer?.ok || code !== state.code) return;
  const body = await answer.json();
  state.more.push(...body.messages);
  state.cursor = body.cursor;
  group();
}
async function replay() {
  const code = state.code;
  $("replay").disabled = true;
  const key = self.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  let said = "";
  try {
    const answer = await post("/api/v1/quarantine/replay", { code }, key);
    if (!answer.ok) said = (await answer.json().catch(() => ({}))).detail ?? t("Not asked for ({status}).", { status: answer.status });
  } catch {
    said = t("Not sent: no connection. Nothing was asked for.");
  }
  setText($("replay-said"), said);
  await again();
}
