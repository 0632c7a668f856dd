// The station drawer: values with age and quality, why it burns, chart, picture, neighbours, what to do.

import { $, ageOf, ageText, alertAmount, amount, el, flash, gradeWord, icon, isSample, keyed, metricName, moment, named, now, ownAmount, pastQuery, period, setClass, setData, setShape, setText, shortName, span, t, urls, valueText, word } from "../common/core.mjs";
import { alerts, alertsOf, allOf, choose, chosen, condition, isMuted, isOwned, liveValue, meanPeriod, metricAlert, on, sinceOf, stationState, stations, trend, valueState } from "../common/state.mjs";
import { stateText } from "../common/aside.mjs";
import { ask } from "./chart.mjs";
import { fetchOf } from "./crowd.mjs";
import * as flap from "../common/flap.mjs";
import { keepInSight } from "../common/in_sight.mjs";
import { get } from "../common/read.mjs";
import * as outlook from "./outlook.mjs";
import { showPicture } from "./pictures.mjs";
import * as told from "./told.mjs";

const REPORTS = { discharge: "/environment#discharge", stack: "/environment#discharge", air: "/environment#air" };
// Steps whose sentence says no more than who, what and why do.
const BY_PEOPLE = new Set(["acknowledged", "noted", "reset"]);
const MOST_WHY = 12; // in a flood; the list has them all
let opener = null; // where the focus goes when the drawer closes
let lifeOf = null; // "id|version" of the journal shown

export function start() {
  on("chosen", open);
  for (const event of ["first", "all", "change", "tick"]) on(event, fill);
  $("drawer-close").addEventListener("click", close);
  keepInSight($("drawer-body"));
  outlook.start(fill);
}
export function close() {
  if ($("drawer").hidden) return;
  $("drawer").hidden = true;
  setData(document.body, "drawer", null);
  choose(null);
  opener?.focus?.({ preventScroll: true });
}
function open() {
  const station = stations.get(chosen.station);
  if (!station) return;
  if ($("drawer").hidden) opener = document.activeElement;
  $("drawer").hidden = false;
  setData(document.body, "drawer", "open");
  if ($("drawer").dataset.station !== station.code) {
    $("drawer").dataset.station = station.code;
    $("drawer-body").scrollTop = 0;
    lifeOf = null;
  }
  chosen.metric ??= alertsOf(station.code)[0]?.metric ?? Object.keys(station.latest)[0] ?? null;
  if (chosen.metric === "to_limit_h") chosen.metric = "level_m"; // its chart has the way ahead
  ask(station, chosen.metric);
  fill();
  fetchOf(station.code);
}
function fill() {
  const station = stations.get(chosen.station);
  if (!station || $("drawer").hidden) return;
  head(station);
  outlook.show(station);
  const metrics = Object.keys(station.latest).filter((metric) => metric !== "to_limit_h").sort((a, b) => rank(station, a) - rank(station, b));
  keyed($("drawer-values"), metrics, (metric) => metric, (metric) => makeValue(metric), (node, metric) => fillValue(node, station, metric));
  setData($("drawer-values"), "count", metrics.length > 4 ? 3 : metrics.length || 1);
  why(station);
  $("drawer-chart").hidden = !metrics.length;
  setText($("chart-title"), metricName(chosen.metric));
  const [, unit] = amount(0, chosen.metric);
  setText($("chart-unit"), unit);
  look(station);
  todo(station);
  told.show(alertsOf(station.code).find((one) => one.id === chosen.alert) ?? alertsOf(station.code)[0]);
}
/** The alarmed value first, then as the catalogue has them. */
const rank = (station, metric) => (metricAlert(station.code, metric) ? 0 : 1);

// ---- name and state

function head(station) {
  const { grade, owned, alert, state } = condition(station);
  const holder = $("drawer-shape");
  if (grade) setShape(holder, grade, owned);
  else if (holder.dataset.shape !== `kind|${station.kind}`) {
    holder.dataset.shape = `kind|${station.kind}`;
    holder.replaceChildren(icon(`i-${station.kind}`));
  }
  setText($("drawer-name"), shortName(station.names));
  const kinds = [isSample(station.names) ? t("sample") : "", station.origin === "live" ? "" : word(station.origin)];
  setText($("drawer-sample"), kinds.filter(Boolean).join(" · "));
  const parts = [station.code];
  if (grade) parts.push(gradeWord(grade), ...(alert ? [...overText(alert), span(sinceOf(alert))] : []));
  else if (state === "partly" && station.out_of_service?.length) parts.push(t("out of service in part"));
  else if (state === "out") parts.push(t("out of service"));
  else parts.push(state === "partly" ? t("some values are old") : ageText(ageOf(station.newest), stationState(station)));
  const words = grade && alert ? [isOwned(alert) ? t("{owner} has it", { owner: alert.owner ?? "—" }) : t("unclaimed")] : [];
  // Figures keep their room; where the line is too narrow the words after them are cut.
  setText($("drawer-facts"), [...parts, ...(words.length ? [""] : [])].join("\u00a0· ")); // a dot begins no line
  setText($("drawer-words"), words.join(" · "));
  const report = REPORTS[station.kind], link = $("drawer-report");
  link.parentElement.hidden = !report;
  if (report) link.setAttribute("href", report);
}

/** How far over its limit, where it is; of a time to a limit less is worse. */
function overText(alert) {
  const value = liveValue(alert);
  if (alert.basis || alert.metric === "to_limit_h" || ![value, alert.limit].every(Number.isFinite) || value <= alert.limit) return [];
  return [t("+{amount}", { amount: alertAmount(alert, value - alert.limit).join(" ") })];
}

// ---- values

function makeValue(metric) {
  const root = el("button", "value", null, { type: "button" });
  const number = el("span", "value-number");
  number.append(el("span", "value-figure"), " ", el("span", "unit"));
  root.append(el("span", "value-label secondary"), number, el("span", "value-trend"), el("span", "value-age quiet"));
  root.addEventListener("click", () => choose(chosen.station, metric, metricAlert(chosen.station, metric)?.id ?? null));
  return root;
}
function fillValue(root, station, metric) {
  const latest = station.latest[metric];
  const state = valueState(station, latest);
  const alert = metricAlert(station.code, metric);
  const [shown, unit] = amount(state === "unknown" && !latest.t ? null : latest.value, metric);
  const number = root.querySelector(".value-figure");
  const before = number.textContent;
  const more = outlook.beside(station, metric);
  setText(root.querySelector(".value-label"), more?.label ?? metricName(metric));
  setText(number, shown + (latest.quality === "suspect" ? " ~" : ""));
  setText(root.querySelector(".unit"), unit);
  setText(root.querySelector(".value-trend"), more?.text ?? trendText(latest, metric, station));
  setText(root.querySelector(".value-age"), qualityText(latest) + ageText(ageOf(latest.t), state));
  setClass(root, `value ${state}${alert ? " alarmed" : ""}`);
  setData(root, "grade", alert?.grade);
  root.setAttribute("aria-pressed", String(chosen.metric === metric));
  root.title = [more?.title, provenance(latest)].filter(Boolean).join(" · ");
  if (before && before !== number.textContent && root.dataset.seen === latest.t + "") return;
  if (before && root.dataset.seen && root.dataset.seen !== latest.t + "") flash(root);
  root.dataset.seen = latest.t + "";
}
function trendText(latest, metric, station) {
  const arrow = trend(station, metric);
  if (!arrow || !["fresh", "late"].includes(valueState(station, latest))) return "";
  const [shown, unit] = amount(Math.abs(latest.trend_per_h), metric);
  return arrow === "→" ? arrow : `${arrow} ${shown} ${unit === "pH" ? "" : unit}/h`;
}
function qualityText(latest) {
  if (latest.quality === "missing" && latest.t) return `${word("missing")} · `;
  if (latest.quality !== "suspect") return "";
  return `${t("suspect: {why}", { why: latest.flags.map(word).join(", ") || word("device") })} · `;
}
/** Where the value comes from: origin, device time, arrival, original time of a replayed recording. */
function provenance(latest) {
  const parts = [t("measured {at}", { at: moment(latest.t) }), t("arrived {at}", { at: moment(latest.received_at) })];
  if (latest.origin !== "live") parts.push(word(latest.origin));
  if (latest.original_t) parts.push(t("originally {at}", { at: latest.original_t.slice(0, 16).replace("T", " ") + " UTC" }));
  return parts.join(" · ");
}

// ---- why

function why(station) {
  const found = allOf(station.code);
  $("drawer-why").hidden = !found.length;
  keyed($("why-list"), found.slice(0, MOST_WHY), (alert) => alert.id, makeWhy, fillWhy);
}
function makeWhy(alert) {
  const root = el("li", "why");
  root.append(el("span", "why-shape"), el("b", "why-label"), el("span", "why-since quiet"), el("p", "why-reason secondary"));
  return root;
}
function fillWhy(root, alert) {
  setShape(root.querySelector(".why-shape"), alert.grade, isOwned(alert) || isMuted(alert));
  setText(root.querySelector(".why-label"), [named(alert.label), ...stateText(alert)].join(" · "));
  setText(root.querySelector(".why-since"), span(sinceOf(alert), !isOwned(alert)));
  const mean_s = meanPeriod(alert);
  const caution = mean_s ? t("Compared reading by reading; the limit is for a mean over {period}.", { period: period(mean_s) }) : "";
  setText(root.querySelector(".why-reason"), [named(alert.reason), caution].filter(Boolean).join(t(". ")));
}

// ---- picture and neighbours

function distance_km(a, b) {
  const r = Math.PI / 180;
  const x = (b[0] - a[0]) * r * Math.cos(((a[1] + b[1]) / 2) * r), y = (b[1] - a[1]) * r;
  return 6371 * Math.hypot(x, y);
}
function nearest(station, wanted) {
  return [...stations.values()].filter((s) => s.code !== station.code && wanted(s))
    .map((s) => ({ station: s, km: distance_km(station.at, s.at) })).sort((a, b) => a.km - b.km);
}
function look(station) {
  setData($("drawer-picture").parentElement, "kind", station.kind);
  const camera = station.kind === "camera" ? { station, km: 0 } : nearest(station, (s) => s.kind === "camera" && s.newest)[0];
  $("drawer-picture").hidden = !camera || camera.km > 3;
  if (camera && camera.km <= 3) showPicture($("drawer-picture"), camera.station, station.kind === "camera" ? "full" : "thumb");
  const around = nearest(station, (s) => s.kind !== "camera").slice(0, 4);
  keyed($("neighbours"), around, ({ station: s }) => s.code, makeNeighbour, fillNeighbour);
}
function makeNeighbour({ station }) {
  const root = el("li", "neighbour");
  const name = el("button", "neighbour-name", null, { type: "button" });
  name.append(icon(`i-${station.kind}`), el("span"));
  root.append(name, el("span", "neighbour-km quiet"), el("span", "neighbour-value"), el("span", "neighbour-age quiet"));
  name.addEventListener("click", () => choose(root.dataset.key, null, alertsOf(root.dataset.key)[0]?.id ?? null));
  return root;
}
function fillNeighbour(root, { station, km }) {
  const metric = alertsOf(station.code)[0]?.metric ?? Object.keys(station.latest)[0];
  const latest = station.latest[metric];
  const state = latest ? valueState(station, latest) : "unknown";
  setText(root.querySelector(".neighbour-name span"), shortName(station.names));
  setText(root.querySelector(".neighbour-km"), `${km.toFixed(1)} km`);
  const value = root.querySelector(".neighbour-value");
  setText(value, latest && latest.t ? valueText(latest.value, metric) : "—");
  setClass(value, `neighbour-value ${state}`);
  setText(root.querySelector(".neighbour-age"), latest?.t ? (state === "stale" ? ageText(ageOf(latest.t), state) : span(ageOf(latest.t))) : t("no data"));
  root.title = latest ? metricName(metric) : "";
}

// ---- what to do, and the alert's life

function todo(station) {
  const alert = alerts.get(chosen.alert) ?? allOf(station.code)[0];
  $("drawer-todo").hidden = !alert;
  $("drawer-life").hidden = !alert;
  warn(alert);
  flap.show(alert ?? null);
  if (!alert) return;
  const sentences = [["todo-action", alert.action], ["todo-consequence", alert.consequence], ["todo-cause", alert.cause], ["todo-call", alert.call]];
  for (const [id, names] of sentences) {
    $(id).parentElement.hidden = !named(names);
    setText($(id), named(names));
  }
  $("drawer-todo").hidden = sentences.every(([, names]) => !named(names));
  setText($("life-rule"), t("rule {code} v{version}", { code: alert.rule, version: alert.rule_version }));
  if (lifeOf !== `${alert.id}|${alert.version}`) life(alert);
}
/** To a warning to the public, written of this alert; who may not write one has no such link. */
function warn(alert) {
  const link = $("drawer-warn");
  if (!link) return;
  link.parentElement.hidden = !alert;
  if (alert) link.setAttribute("href", `/warnings?alert=${encodeURIComponent(alert.id)}`);
}
/** Every step of its life and the evidence, fetched when the alert or its version changed. */
async function life(alert) {
  if (!lifeOf?.startsWith(`${alert.id}|`)) {
    $("life").replaceChildren(); // what is there is of another alert
    evidence({});
  }
  lifeOf = `${alert.id}|${alert.version}`;
  const asked = lifeOf;
  let found = null;
  try {
    const answer = await fetch(`${urls.alerts}/${encodeURIComponent(alert.id)}`);
    if (answer.ok) found = await answer.json();
  } catch {
    lifeOf = null; // the link is down: try again with the next change
  }
  if (asked !== `${alert.id}|${alert.version}` || !found) return;
  const past = pastQuery(); // its later steps are not known yet
  const steps = (found.transitions ?? []).filter((step) => !past || Date.parse(past.known === "then" ? step.recorded_at : step.at) <= now());
  keyed($("life"), steps, (step) => step.seq ?? step.at, () => el("li", "step"), (node, step) => fillStep(node, step, found));
  evidence(found.evidence ?? {});
  if (!past) sealOf(alert);
}
function fillStep(node, step, alert) {
  const value = step.value === null || step.value === undefined ? "" : ownAmount(alert, step.value).join(" ");
  const parts = [word(step.kind), step.who, step.note, value, BY_PEOPLE.has(step.kind) ? "" : named(step.reason)];
  node.replaceChildren(el("time", "quiet", moment(step.at)), el("span", "", parts.filter(Boolean).join(" · ")));
}
/** The way to all that is kept of it, and how its seal stands. */
async function sealOf(alert) {
  $("evidence-link").href = `/evidence/${encodeURIComponent(alert.id)}`;
  let said = "";
  try {
    const found = await get(`${urls.alerts}/${encodeURIComponent(alert.id)}/evidence`);
    const broken = [found.raised, found.sealed].some((part) => part && !part.intact);
    if (broken) said = t("CHANGED SINCE IT WAS WRITTEN");
    else if (found.sealed) said = t("sealed {at}, SHA-256 {digest}", { at: moment(found.sealed.written_at), digest: found.sealed.sha256.slice(0, 12) });
    else if (found.raised) said = t("kept {at}; sealed half an hour after the end", { at: moment(found.raised.written_at) });
  } catch {
    said = ""; // the page behind the link says more
  }
  if (lifeOf?.startsWith(`${alert.id}|`)) setText($("evidence-seal"), said);
}
function evidence(found) {
  const rows = Object.entries(found).filter(([, value]) => value !== null && typeof value !== "object");
  $("evidence").replaceChildren(...rows.flatMap(([key, value]) => [el("dt", "quiet", key), el("dd", "", String(value))]));
  $("evidence").hidden = !rows.length;
}
