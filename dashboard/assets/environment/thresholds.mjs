// Thresholds at a glance: a row for every series with limits. Values move in place; rows move seldom.

import { $, ageOf, ageState, amount, el, figure, icon, keyed, lang, metricName, period, setClass, setData, setShape, setText, shortName, span, t, word } from "../common/core.mjs";
import { alertsOf, isMuted, isOwned, on, stations } from "../common/state.mjs";
import { margin, nearest, order } from "./nearest.mjs";
import * as side from "./thresholds_side.mjs";

const EVERY_MS = 20_000;
const SORT_MS = 60_000; // who reads a row must not lose it: margins alone move rows once a minute
const TICK = 0.74; // where every bar has its limit
const KINDS = ["reservoir", "air", "weather", "gas", "plant", "discharge", "stack"];
const URL = "/api/v1/thresholds";
const state = { rows: [], counts: null, sorted: [], sortedAt: -Infinity, grades: "", chosen: null, kind: "", text: "", read: null };

// ---- as a part of the page

export function start(read) {
  state.read = read;
  filter();
  skeleton();
  on("change", live);
  on("all", live);
  on("tick", tick);
  addEventListener("keydown", keys);
  setInterval(read, EVERY_MS);
  side.start({ close: () => choose(null) });
}
export const file = () => `${URL}?${new URLSearchParams(Object.entries({ kind: state.kind, q: state.text }).filter(([, value]) => value))}`;
export const read = (query, get) => get(URL);
export const place = () => (state.chosen ? `/${state.chosen.split("|").map(encodeURIComponent).join("/")}` : "");
export function open([station, metric]) {
  if (station && metric) state.chosen = `${station}|${metric}`;
}
export function draw(found) {
  state.counts = found.counts;
  state.rows = found.rows.map((row) => ({ ...row, key: `${row.station}|${row.metric}` }));
  live();
  if (state.chosen === null && innerWidth >= 1024 && state.sorted.length) state.chosen = state.sorted[0].key;
  mark();
  show(chosenRow());
}
const chosenRow = () => state.rows.find((row) => row.key === state.chosen) ?? null;

// ---- what the stream says meanwhile

function live() {
  for (const row of state.rows) {
    newest(row);
    judge(row);
  }
  sort();
  fill();
}
/** The newest reading and the alert that stands; means are the server's to make. */
function newest(row) {
  const station = stations.get(row.station), latest = station?.latest[row.metric];
  if (!latest) return;
  if (latest.t && (!row.t || Date.parse(latest.t) > Date.parse(row.t))) Object.assign(row, { t: latest.t, reading: latest.value, quality: latest.quality, flags: latest.flags ?? [] });
  row.down = latest.state === "unknown";
  const alerts = alertsOf(row.station).filter((alert) => alert.metric === row.metric);
  const worst = alerts.find((alert) => !isMuted(alert)) ?? alerts[0];
  row.alert = worst ? { id: worst.id, grade: worst.grade, owned: isOwned(worst) || isMuted(worst), rule: worst.rule, version: worst.rule_version, limit: worst.basis && worst.basis !== "mean" ? null : worst.limit } : null;
}
function judge(row) {
  row.state = row.down || !row.t ? "unknown" : ageState(ageOf(row.t), row.interval_s);
  const part = ["fresh", "late"].includes(row.state) && usable(row) && !row.out_of_service;
  for (const bound of row.bounds) {
    if (bound.told === undefined) bound.told = bound.compared;
    bound.compared = !part ? null : bound.mean_over_s === null ? row.reading : bound.told;
  }
  row.limit = nearest(row);
  row.found = row.limit ? margin(row, row.limit) : null;
  row.value = row.limit ? row.limit.compared : row.reading;
}
const usable = ({ reading, flags }) => reading !== null && (flags.includes("marked_valid") || !flags.some((flag) => ["impossible", "marked_invalid", "missing"].includes(flag)));

/** At once where an alert begins, ends or changes its grade; else not more than once a minute. */
function sort() {
  const shown = state.rows.filter(wanted);
  const grades = shown.map((row) => `${row.key}${row.alert?.grade ?? ""}`).sort().join();
  if (grades !== state.grades || performance.now() - state.sortedAt > SORT_MS) {
    state.sorted = [...shown].sort(order);
    state.sortedAt = performance.now();
    state.grades = grades;
  } else {
    const now = new Map(shown.map((row) => [row.key, row]));
    state.sorted = state.sorted.map((row) => now.get(row.key));
  }
}
function wanted(row) {
  if (state.kind && row.kind !== state.kind) return false;
  const names = [row.station, row.names.zh, row.names.en, row.metric, metricName(row.metric)].join(" ").toLowerCase();
  return state.text.toLowerCase().split(/\s+/).every((part) => names.includes(part));
}
function tick() {
  if ($("view-thresholds").hidden) return;
  for (const row of state.rows) {
    const before = row.state;
    const now = row.down || !row.t ? "unknown" : ageState(ageOf(row.t), row.interval_s);
    if (before !== now) judge(row);
  }
  fill();
}

// ---- the table

function skeleton() {
  const head = el("tr");
  for (const [name, kind] of [["", "th-mark"], [t("Station, metric"), "th-name"], [t("Value"), "figure"], [t("Limit (tick)"), "th-bar-cell"], [t("Margin"), "figure"], [t("Age"), "figure"], [t("Valid %"), "figure"]]) {
    const cell = el(name ? "th" : "td", kind, name, name ? { scope: "col" } : {});
    head.append(cell);
  }
  const table = el("table", "th-table"), top = el("thead");
  top.append(head);
  table.append(el("caption", "spoken", t("Thresholds")), top, el("tbody"));
  $("threshold-table").replaceChildren(table, el("p", "none quiet", t("Nothing fits"), { hidden: "" }));
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-key]");
    if (row) choose(row.dataset.key, true);
  });
}
const body = () => $("threshold-table").querySelector("tbody");
function fill() {
  if (!body()) return;
  const holder = $("threshold-table");
  const anchor = anchored(holder);
  keyed(body(), state.sorted, (row) => row.key, make, put);
  if (anchor && anchor.node.isConnected) holder.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
  $("threshold-table").lastChild.hidden = state.sorted.length > 0 || !state.counts;
  head();
  mark();
  const row = chosenRow();
  if (row) side.live(row);
}
/** Where rows will move: what the eye is on keeps its place. The chosen row where it is in sight, else
 *  the first in sight of a list that was scrolled. */
function anchored(holder) {
  const rows = [...body().children];
  if (rows.length === state.sorted.length && rows.every((node, n) => node.dataset.key === state.sorted[n].key)) return null;
  const frame = holder.getBoundingClientRect();
  const inSight = (node) => {
    const box = node.getBoundingClientRect();
    return box.top >= frame.top && box.bottom <= frame.bottom;
  };
  const chosen = rows.find((node) => node.dataset.key === state.chosen);
  const node = chosen && inSight(chosen) ? chosen : holder.scrollTop > 0 ? rows.find(inSight) : null;
  return node ? { node, top: node.getBoundingClientRect().top } : null;
}
function make() {
  const row = el("tr", "th-row");
  const name = el("th", "th-name", null, { scope: "row" });
  name.append(el("button", "row-button", "", { type: "button" }), el("span", "secondary"));
  const bar = el("td", "th-bar-cell"), track = el("span", "th-bar", null, { "aria-hidden": "true" });
  track.append(el("i"), el("span", "th-tick"));
  bar.append(track);
  const value = el("td", "figure th-value");
  value.append(el("span", "th-doubt"), el("b"), el("span", "unit"));
  row.append(el("td", "th-mark"), name, value, bar, el("td", "figure th-margin"), el("td", "figure th-age"), el("td", "figure th-valid"));
  return row;
}
function put(node, row) {
  const [mark_, name, value, bar, margin_, age, valid] = node.children;
  setData(node, "state", row.state);
  setData(node, "grade", row.alert?.grade ?? null);
  symbol(mark_, row);
  setText(name.firstChild, shortName(row.names));
  setText(name.lastChild, quantity(row));
  const [shown, unit] = amount(row.value, row.metric);
  setText(value.children[0], row.quality === "suspect" && row.value !== null ? "~" : "");
  setText(value.children[1], row.state === "unknown" ? "—" : shown);
  setText(value.children[2], unit ? ` ${unit}` : "");
  value.title = row.quality === "suspect" ? row.flags.map(word).join(" · ") : "";
  setClass(bar.firstChild, row.bounds.length ? "th-bar" : "th-bar none-said");
  bar.firstChild.firstChild.style.width = `${row.found ? Math.min(1, row.found.share * TICK) * 100 : 0}%`;
  setText(margin_, marginText(row));
  setText(age, ageText(row));
  setText(valid, row.valid_24h === null ? "—" : `${figure(Math.floor(100 * row.valid_24h), 0)} %`);
}
/** The grade's shape while an alert stands, else a ring: what is old or unknown is never a plain one. */
function symbol(cell, row) {
  if (row.alert) {
    setShape(cell, row.alert.grade, row.alert.owned);
    if (!cell.querySelector(".spoken")) cell.append(el("span", "spoken"));
    return setText(cell.querySelector(".spoken"), word(row.alert.grade));
  }
  const name = row.state === "unknown" ? "state-unknown" : row.state === "stale" ? "state-stale" : "state-normal";
  if (cell.dataset.shape === name) return;
  cell.dataset.shape = name;
  cell.replaceChildren(icon(name, `th-ring ${name}`), el("span", "spoken", name === "state-normal" ? t("no alert") : word(row.state)));
}
export function quantity(row) {
  const bound = row.limit ?? row.bounds[0];
  return metricName(row.metric) + (bound?.mean_over_s ? ` · ${t("{period} mean", { period: period(bound.mean_over_s) })}` : "");
}
function marginText(row) {
  const { found } = row;
  if (!found) return "—";
  if (row.metric === "to_limit_h" && row.value >= 1000) return t("not in sight");
  const size = Math.abs(found.percent ?? found.gap);
  if (found.percent !== null) {
    const n = size > 999 ? ">999" : figure(size, size < 1 && size > 0 ? 1 : 0);
    return found.beyond ? t("{n} % over", { n }) : t("{n} % left", { n });
  }
  const [n, unit] = amount(size, row.metric);
  const shown = unit && unit !== "pH" ? `${n} ${unit}` : n;
  return found.beyond ? t("{n} over", { n: shown }) : t("{n} left", { n: shown });
}
function ageText(row) {
  const age_s = ageOf(row.t);
  if (age_s === null) return t("no data");
  if (row.state === "unknown") return t("no data {span}", { span: span(age_s) });
  if (row.state === "stale") return t("stale {span}", { span: span(age_s) });
  return span(age_s) + (row.state === "late" ? t(", late") : "");
}
function head() {
  if (!state.counts) return;
  const { stations: n, series } = state.counts;
  setText($("threshold-counts"), t("{stations} stations, {series} series, {shown} shown; by grade, then by margin", { stations: n, series, shown: state.sorted.length }));
  const count = (name) => state.rows.filter((row) => row.state === name).length;
  const stale = count("stale"), unknown = count("unknown");
  setText($("threshold-apart"), stale + unknown ? t("{stale} stale, {unknown} without data: in no comparison", { stale, unknown }) : "");
}

// ---- choosing

export function choose(key, byPerson = false) {
  if (key !== null && key === state.chosen && !byPerson) return;
  state.chosen = key;
  mark();
  history.replaceState(null, "", key ? `#thresholds${place()}` : location.pathname);
  show(chosenRow(), byPerson);
}
function mark() {
  for (const node of body()?.children ?? []) {
    const here = node.dataset.key === state.chosen;
    setData(node, "current", here ? "" : null);
    const button = node.querySelector("button");
    if (button.getAttribute("aria-pressed") !== String(here)) button.setAttribute("aria-pressed", String(here));
  }
}
function show(row, byPerson = false) {
  side.show(row, byPerson);
}
function keys(event) {
  if ($("view-thresholds").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, .th-calendar, [role=dialog]")) return;
  const step = { j: 1, k: -1, J: 1, K: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || (event.key.startsWith("Arrow") && !event.target.closest("#threshold-table"))) return;
  event.preventDefault();
  const at = state.sorted.findIndex((row) => row.key === state.chosen);
  const row = state.sorted[at < 0 ? 0 : Math.max(0, Math.min(state.sorted.length - 1, at + step))];
  if (!row) return;
  choose(row.key);
  const node = [...body().children].find((one) => one.dataset.key === row.key);
  node?.querySelector("button").focus({ preventScroll: true });
  node?.scrollIntoView({ block: "nearest" });
}

// ---- the filter

function filter() {
  const kind = el("select", "field", null, { "aria-label": t("Kind of station"), id: "threshold-kind" });
  kind.append(el("option", "", t("All kinds"), { value: "" }), ...KINDS.map((code) => el("option", "", word(code), { value: code })));
  const text = el("input", "field", null, { type: "search", placeholder: t("Station or metric"), "aria-label": t("Station or metric"), id: "threshold-text", autocomplete: "off" });
  kind.addEventListener("change", () => { state.kind = kind.value; again(); });
  text.addEventListener("input", () => { state.text = text.value.trim(); again(); });
  $("threshold-filter").replaceChildren(kind, text);
}
function again() {
  sort();
  fill();
  $("csv").href = `${file()}&format=csv&lang=${lang}`;
}
