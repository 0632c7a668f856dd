// The alert list: to acknowledge, acknowledged, no data and stale. Rows are kept, not rebuilt.

import { $, alertAmount, ageOf, ageText, el, figure, keyed, metricName, moment, named, ownAmount, period, setClass, setData, setShape, setText, shortName, span, t } from "../common/core.mjs";
import { acknowledged, alerts, choose, chosen, isMuted, isOn, isOwned, liveValue, meanPeriod, redraw, returned, setAside, silent, sinceOf, stationState, stations, tallyOf, toAcknowledge, trend, valueAge } from "../common/state.mjs";
import { openForm } from "./acknowledge.mjs";
import { stateText } from "../common/aside.mjs";
import { outside } from "../common/mine.mjs";
import { fetchMore } from "./crowd.mjs";
import { fillGroup, isGroup, itemsOf, makeGroup } from "./groups.mjs";

export function start() {
  redraw(["first", "all", "change", "tick", "chosen"], draw);
  for (const part of Object.keys(drawn)) $(`${part}-more`).addEventListener("click", () => showMore(part));
}
const FIRST = 60; // rows of a part that are drawn; more when somebody asks
const drawn = { waiting: FIRST, taken: FIRST, returned: FIRST, aside: FIRST, silent: FIRST };
const PARTS = { waiting: toAcknowledge, taken: acknowledged, returned, aside: setAside };
function draw() {
  const quiet = silent(), all = tallyOf();
  setText($("silent-count"), String(quiet.length));
  $("waiting-none").hidden = all.waiting > 0;
  for (const [part, list] of Object.entries(PARTS)) {
    const found = list(), items = itemsOf(part, found);
    setText($(`${part}-count`), all[part].toLocaleString("en-US"));
    if (part !== "waiting") $(`${part}-part`).hidden = all[part] === 0;
    keyed($(part), cut(part, items, all[part] - found.length), (item) => item.key, makeItem, fillItem);
  }
  keyed($("silent"), cut("silent", quiet.map((station) => ({ key: station.code, station })), 0), (item) => item.key, makeSilentItem, fillSilentItem);
  $("silent-part").hidden = quiet.length === 0;
}
/** The first rows of a part, and below them how many more there are. elsewhere: not on this desk. */
function cut(part, items, elsewhere) {
  const more = Math.max(0, items.length - drawn[part]), button = $(`${part}-more`);
  button.hidden = more + elsewhere <= 0;
  if (!button.hidden) setText(button, elsewhere > 0 ? t("{n} more, {m} of them not on this screen yet", { n: (more + elsewhere).toLocaleString("en-US"), m: elsewhere.toLocaleString("en-US") }) : t("{n} more rows", { n: more.toLocaleString("en-US") }));
  return items.slice(0, drawn[part]);
}
async function showMore(part) {
  drawn[part] += FIRST;
  if ($(part).children.length < drawn[part] - FIRST || itemsOf(part, (PARTS[part] ?? silent)()).length < drawn[part]) await fetchMore();
  draw();
}
const makeItem = (item) => (isGroup(item) ? makeGroup(item, draw) : make(item.alert));
function fillItem(root, item) {
  if (isGroup(item)) return fillGroup(root, item);
  fill(root, item.alert);
  setData(root, "of", item.of);
}
const makeSilentItem = (item) => makeSilent(item.station);
const fillSilentItem = (root, item) => fillSilent(root, item.station);
function make(alert) {
  const root = el("li", "row", null, { "data-grade": alert.grade });
  const name = el("button", "row-name", null, { type: "button", id: `row-${alert.id}` });
  const value = el("span", "row-value");
  value.append(el("b", "row-metric"), el("b", "row-number"), el("span", "unit"), el("span", "row-trend"));
  const button = el("button", "button ack", null, { type: "button", "aria-describedby": `row-${alert.id}` });
  button.append(el("span", "", t("Ack")), el("kbd", "", "A", { "aria-hidden": "true" }));
  root.append(
    el("span", "row-shape"), line(name, el("span", "row-since")),
    line(value, el("span", "row-limit secondary")), line(el("span", "row-owner quiet"), button),
  );
  name.addEventListener("click", () => pick(root.dataset.key));
  button.addEventListener("click", () => {
    pick(root.dataset.key);
    openForm(root, alerts.get(root.dataset.key));
  });
  return root;
}
function line(...parts) {
  const node = el("div", "row-line");
  node.append(...parts);
  return node;
}
function pick(id) {
  const alert = alerts.get(id);
  if (alert) choose(alert.station, alert.metric, id);
}
function fill(root, alert) {
  const station = stations.get(alert.station);
  const owned = isOwned(alert);
  const now = liveValue(alert);
  const [number, unit] = alertAmount(alert, now);
  const muted = isMuted(alert);
  setClass(root, ["row", owned || muted || !isOn(alert) ? "owned" : "", isOn(alert) ? "" : "over"].filter(Boolean).join(" "));
  setData(root, "grade", alert.grade);
  setData(root, "current", chosen.alert === alert.id ? "true" : null);
  setShape(root.querySelector(".row-shape"), alert.grade, owned || muted);
  const name = root.querySelector(".row-name");
  setText(name, shortName(alert.station_names) || named(alert.label) || alert.subject);
  if (chosen.alert === alert.id) name.setAttribute("aria-current", "true");
  else name.removeAttribute("aria-current");
  setText(root.querySelector(".row-since"), span(sinceOf(alert), !owned));
  setText(root.querySelector(".row-metric"), (metricName(alert.metric) || named(alert.label)) + " ");
  setText(root.querySelector(".row-number"), now === null ? "" : number);
  setText(root.querySelector(".unit"), now === null ? "" : unit);
  setText(root.querySelector(".row-trend"), trend(station, alert.metric));
  setText(root.querySelector(".row-limit"), limitText(alert));
  setText(root.querySelector(".row-owner"), ownerText(alert, owned));
  setClass(root.querySelector(".row-value"), `row-value ${valueAge(alert).state}`);
  const button = root.querySelector(".ack");
  button.hidden = owned || muted; // what is set aside is taken up again first
  button.title = outside(alert.department ?? station?.department ?? null);
  button.disabled = Boolean(button.title);
}
export function limitText(alert) {
  const parts = [];
  if (alert.limit !== null && alert.limit !== undefined) {
    const [limit, unit] = ownAmount(alert, alert.limit);
    parts.push(t("limit {value}", { value: alert.basis === "rate" ? `${limit} ${unit}` : limit }));
    if (alert.basis === "deviation") parts.push(t("off the usual"));
    const mean_s = meanPeriod(alert);
    if (mean_s) parts.push(t("{period} mean", { period: period(mean_s) }));
  }
  if (alert.found_afterwards) parts.push(t("found afterwards"));
  if (alert.quality === "suspect") parts.push(t("suspect"));
  return parts.join(" · ");
}
function ownerText(alert, owned) {
  const parts = [...stateText(alert), ...(owned ? [alert.owner ?? "—", moment(alert.acknowledged_at)] : isOn(alert) && !isMuted(alert) ? [t("unclaimed")] : [])];
  const { state, age_s } = valueAge(alert);
  if (state === "stale" || state === "unknown") parts.push(ageText(age_s, state));
  if (alert.note) parts.push(alert.note);
  return parts.join(" · ");
}

// ---- no data and stale

function makeSilent() {
  const root = el("li", "row silent");
  const name = el("button", "row-name", null, { type: "button" });
  root.append(el("span", "row-ring"), line(name, el("span", "row-since")), line(el("span", "row-last quiet")));
  name.addEventListener("click", () => choose(root.dataset.key));
  return root;
}
function fillSilent(root, station) {
  const state = stationState(station);
  const age = ageOf(station.newest);
  setData(root, "state", state);
  setData(root, "current", chosen.station === station.code && !chosen.alert ? "true" : null);
  setText(root.querySelector(".row-ring"), state === "unknown" ? "?" : "");
  setText(root.querySelector(".row-name"), shortName(station.names));
  setText(root.querySelector(".row-since"), age === null ? t("no data")
    : t(state === "unknown" ? "no data {span}" : "stale {span}", { span: span(age) }));
  setText(root.querySelector(".row-last"), lastText(station));
}
function lastText(station) {
  const [metric, latest] = Object.entries(station.latest).find(([, v]) => v.value !== null) ?? [];
  const parts = [station.code];
  if (metric) parts.push(t("last {what}", { what: `${metricName(metric)} ${figure(latest.value, 1)}` }));
  return parts.join(" · ");
}

// ---- the keyboard's way through the list

export function rows() {
  return [...document.querySelectorAll("#waiting > .row, #taken > .row, #returned > .row, #aside > .row, #silent > .row")];
}
/** Where the keyboard is: the row that has the focus, else the row chosen. */
function cursor(all) {
  const focused = all.findIndex((row) => row.contains(document.activeElement));
  return focused >= 0 ? focused : all.findIndex((row) => row.dataset.current === "true");
}
/** Move the cursor; the row is brought into sight because a person asked for it. */
export function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = cursor(all);
  const row = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  const button = row.querySelector(".row-name");
  if (!row.classList.contains("cluster")) button.click(); // a group opens by Enter, or when it is clicked
  button.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}
export function acknowledgeCurrent() {
  const all = rows();
  const row = all[cursor(all)] ?? $("waiting").querySelector(".row:not(.cluster)");
  if (row?.classList.contains("cluster")) return row.querySelector(".row-name").click(); // whose is it? one by one
  const button = row?.querySelector(".ack");
  if (button && !button.hidden) button.click();
}
