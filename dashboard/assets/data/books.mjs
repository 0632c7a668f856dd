// The ledger: the sum that must be zero, each source, and the hours of the chosen one.

import { $, canaryAge, el, lang, moment, span, setText, t, zone } from "../common/core.mjs";
import { on } from "../common/state.mjs";

const COLUMNS = ["received", "stored", "duplicate", "revised", "quarantined", "gap"];
// A line that breaks off brings some again; this many and this share is somebody who repeats himself.
const REPEATS_LEAST = 20, REPEATS_SHARE = 0.05;
const state = { feed: null, ledger: null, hours: 24 };

export function start() {
  on("tick", () => state.ledger && canaries(state.ledger.canaries));
  $("feeds-table").addEventListener("click", (event) => {
    const row = event.target.closest("[data-feed]");
    if (row) choose(row.dataset.feed);
  });
}
function choose(feed) {
  state.feed = state.feed === feed ? null : feed;
  draw(state.ledger, state.hours);
  [...$("feeds-table").querySelectorAll("button")].find((b) => b.closest("[data-feed]").dataset.feed === feed)?.focus({ preventScroll: true });
}
export function draw(ledger, hours) {
  Object.assign(state, { ledger, hours });
  balance(ledger);
  canaries(ledger.canaries);
  feeds(ledger);
  hourly(ledger);
}
export const count = (n) => n.toLocaleString("en-US");

// ---- the balance

function balance(ledger) {
  const { totals } = ledger;
  const line = el("span", "gap-line secondary");
  line.append(`${t("gap")} `, el("b", "", count(totals.gap)), ` · ${scope()}`);
  $("balance").replaceChildren(verdict(totals.gap, true), line, ...wrongs(ledger), ...repeated(ledger));
  const parts = [
    [t("received"), totals.received, "="], [t("stored"), totals.stored, "+"], [t("duplicate"), totals.duplicate, "+"],
    [t("revised"), totals.revised, "+"], [t("quarantined"), totals.quarantined, ""],
  ];
  $("equation").replaceChildren(...parts.map(([name, n, sign]) => {
    const cell = el("span", "term");
    const figure = el("b", "", count(n));
    cell.append(el("span", "term-name secondary", name), figure);
    const both = el("span", "term-pair");
    both.append(cell, ...(sign ? [el("span", "sign", sign, { "aria-hidden": "true" })] : []));
    return both;
  }));
}
/** In words, what a gap is made of. */
function wrongs(ledger) {
  const lost = ledger.rows.reduce((n, row) => n + Math.abs(row.unaccounted), 0);
  const missing = ledger.rows.reduce((n, row) => n + Math.abs(row.missing), 0);
  return [
    lost ? el("span", "", t("{n} received without an outcome", { n: count(lost) })) : null,
    missing ? el("span", "", t("{n} quarantined that are not there", { n: count(missing) })) : null,
  ].filter(Boolean);
}
/** So much came twice that a sender repeats itself: nothing is lost by it, but it is no normal line. */
const unusual = (line) => line.duplicate >= REPEATS_LEAST && line.duplicate >= REPEATS_SHARE * line.received;
const shareOf = (line) => `${Math.floor((100 * line.duplicate) / line.received)} %`;
function marked(text) {
  const node = el("b", "unusual");
  node.append(el("span", "", "▲", { "aria-hidden": "true" }), el("span", "", text));
  return node;
}
/** The worst hour of a source; of the sum it may have gone by. */
function repeated(ledger) {
  const found = ledger.rows.filter((row) => !ledger.own.includes(row.feed) && unusual(row)).sort((a, b) => b.duplicate - a.duplicate)[0];
  if (!found) return [];
  const note = el("span", "unusual-note");
  note.append(marked(t("unusually many duplicates")), " · ", t("{feed}: {share} of what came from {at} had come before; nothing is lost, but a sender or a breaking line repeats itself", {
    feed: feedName(found.feed), share: shareOf(found), at: moment(found.hour),
  }));
  return [note];
}
const scope = () => state.hours === 24 ? t("all sources, last 24 h") : t("all sources, last 7 days");
/** Balanced is ink and a tick; a gap is red, a square and a word: shape, colour and word. */
export function verdict(gap, large = false) {
  const node = el("b", `verdict${large ? " large" : ""}`, null, { "data-gap": gap ? "yes" : "no" });
  node.append(el("span", "verdict-sign", gap ? "■" : "✓", { "aria-hidden": "true" }));
  node.append(el("span", "", gap ? t("gap {n}", { n: count(gap) }) : t("balanced")));
  return node;
}
function canaries(list) {
  const rows = list.map((one) => {
    const { age_s, old } = canaryAge(one);
    const row = el("div", "canary", null, { "data-old": old ? "yes" : "no" });
    const name = list.length > 1 ? `${t("Canary")} ${one.name}` : t("Canary");
    row.append(el("span", "secondary", name), el("b", "", age_s === null ? t("never came back")
      : old ? t("missing for {span}", { span: span(age_s) }) : t("came the whole way {span} ago", { span: span(age_s) })));
    if (one.delay_s !== null) row.append(el("span", "secondary", t("{s} s on its way", { s: one.delay_s.toFixed(2) })));
    return row;
  });
  if (!rows.length) rows.push(el("div", "canary secondary", t("No canary is sent: the path is not proven")));
  $("canaries").replaceChildren(...rows);
}

// ---- tables

export function feedName(feed) {
  const names = {
    obs: t("Observations"), hj212: "HJ 212", sl651: "SL 651", status: t("Device status"), img: t("Pictures"),
    other: t("Other topics"), canary: t("Canary"), replay: t("Replays"), derived: t("Computed here"),
  };
  return names[feed] ?? feed;
}
function titles(first) {
  const names = { received: t("received"), stored: t("stored"), duplicate: t("duplicate"), revised: t("revised"), quarantined: t("quarantined"), gap: t("gap") };
  const row = el("tr");
  row.append(el("th", "", first, { scope: "col" }), ...COLUMNS.map((name) => el("th", "figure", names[name], { scope: "col" })));
  const head = el("thead");
  head.append(row);
  return head;
}
function cells(line) {
  return COLUMNS.map((name) => {
    if (name === "gap") {
      const cell = el("td", "figure");
      cell.append(line.gap ? verdict(line.gap) : "0");
      return cell;
    }
    const cell = el("td", line[name] ? "figure" : "figure zero", name === "duplicate" && unusual(line) ? null : count(line[name]));
    if (!cell.textContent) {
      cell.append(marked(count(line.duplicate)));
      cell.title = t("{share} of what was received: unusual", { share: shareOf(line) });
    }
    return cell;
  });
}
function add(sum, line) {
  for (const name of [...COLUMNS, "unaccounted", "missing"]) sum[name] = (sum[name] ?? 0) + line[name];
  return sum;
}
function feeds(ledger) {
  const sums = new Map();
  for (const row of ledger.rows) sums.set(row.feed, add(sums.get(row.feed) ?? {}, row));
  const own = (feed) => ledger.own.includes(feed);
  const order = [...sums].filter(([, line]) => line.received || line.gap).sort(([a, x], [b, y]) => own(a) - own(b) || y.received - x.received);
  const body = el("tbody");
  let apart = false;
  for (const [feed, line] of order) {
    if (own(feed) && !apart) {
      apart = true;
      const row = el("tr", "apart");
      row.append(el("td", "secondary", t("Ours, not in the sum"), { colspan: String(COLUMNS.length + 1) }));
      body.append(row);
    }
    const row = el("tr", own(feed) ? "own" : "", null, { "data-feed": feed });
    if (state.feed === feed) row.dataset.current = "true";
    const name = el("th", "", null, { scope: "row" });
    name.append(el("button", "row-button", feedName(feed), { type: "button", "aria-pressed": String(state.feed === feed) }));
    row.append(name, ...cells(line));
    body.append(row);
  }
  table($("feeds-table"), titles(t("Source")), body);
}
const dayFormat = new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { timeZone: zone, month: lang === "zh" ? "numeric" : "short", day: "numeric" });
const hourFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
function hourly(ledger) {
  setText($("hours-note"), state.feed ? feedName(state.feed) : t("all sources"));
  const sums = new Map();
  for (const row of ledger.rows) {
    if (state.feed ? row.feed !== state.feed : ledger.own.includes(row.feed)) continue;
    sums.set(row.hour, add(sums.get(row.hour) ?? {}, row));
  }
  const most = Math.max(1, ...[...sums.values()].map((line) => line.received));
  const body = el("tbody");
  let day = "";
  for (const [hour, line] of [...sums].sort(([a], [b]) => b.localeCompare(a))) {
    const at = Date.parse(hour);
    const name = el("th", "hour", null, { scope: "row" });
    const today = dayFormat.format(at);
    const bar = el("span", "bar", null, { "aria-hidden": "true" });
    bar.append(el("i"));
    bar.firstChild.style.width = `${(100 * line.received) / most}%`;
    name.append(el("span", "hour-day", today === day ? "" : today), el("span", "hour-time", hourFormat.format(at)), bar);
    day = today;
    const row = el("tr", line.gap ? "wrong" : "");
    row.append(name, ...cells(line));
    body.append(row);
  }
  table($("hours-table"), titles(t("Hour")), body);
}
/** A new table in its holder, which keeps its place. */
export function table(holder, head, body, none = t("Nothing arrived in this time")) {
  const top = holder.scrollTop;
  if (!body.children.length) {
    holder.replaceChildren(el("p", "none quiet", none));
    return;
  }
  const node = el("table", "figures");
  node.append(head, body);
  holder.replaceChildren(node);
  holder.scrollTop = top;
}
