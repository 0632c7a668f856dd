// What the desk knows: stations, open alerts, what the person chose. Changed by the live stream only.

import { GRADES, ageOf, ageState, amount, now } from "./core.mjs";

export const stations = new Map(); // code -> properties, with `at` [lon, lat]
export const alerts = new Map(); // id -> open alert
export const chosen = { station: null, metric: null, alert: null };
// How many are open by grade, as the server counts them; null until it has said so. In a flood
// the desk has only the most urgent of them.
export const crowd = { tally: null };
const listeners = new Map();
let sorted = null, ofStation = null; // made anew after each change
let census = null; // made anew after each change and each second: board and list ask for it

export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}
export function emit(name, detail) {
  census = null;
  for (const listener of listeners.get(name) ?? []) listener(detail);
}
/** Draw after each of these; in a tick only what has not just been drawn: it is there for the ages. */
export function redraw(events, draw) {
  let drawnAt = -Infinity;
  for (const name of events) {
    on(name, () => {
      if (name === "tick" && performance.now() - drawnAt < JUST_MS) return;
      drawnAt = performance.now();
      draw();
    });
  }
}
const JUST_MS = 700;

/** The whole picture: at the start and after every lost link. Returns how many things differ. */
export function replaceAll(features, open) {
  const before = new Map([...stations].map(([code, s]) => [code, s.newest]));
  const had = new Map([...alerts].map(([id, a]) => [id, a.version]));
  stations.clear();
  alerts.clear();
  census = null;
  for (const feature of features) put(feature);
  for (const alert of open) if (alert.state !== "ended") alerts.set(alert.id, alert);
  sorted = ofStation = null;
  let differ = 0;
  for (const [code, s] of stations) differ += before.get(code) !== s.newest;
  for (const [id, a] of alerts) differ += had.get(id) !== a.version;
  for (const id of had.keys()) differ += !alerts.has(id);
  return differ;
}
/** gone: ids of what is over, and of what changed and was not sent: the desk has it no more, `unseen` counts it. */
export function change(features, changed, gone = []) {
  census = null;
  for (const feature of features) put(feature);
  for (const alert of changed) putAlert(alert);
  for (const id of gone) drop(id);
}
/** What was asked for before is older than this: an answer on its way must not bring it back. */
const goneAt = new Map(); // id -> when, on this machine's clock
const LONGEST_ANSWER_MS = 60_000;
function drop(id) {
  const at = performance.now();
  for (const [old, then] of goneAt) if (at - then > LONGEST_ANSWER_MS) goneAt.delete(old);
  goneAt.set(id, at);
  if (alerts.delete(id)) sorted = ofStation = null;
}
export const wentAfter = (id, askedAt) => goneAt.get(id) >= askedAt;
export function putAlert(alert) {
  const known = alerts.get(alert.id);
  if (known && known.version > alert.version) return; // an older word that came by another way
  sorted = ofStation = census = null;
  if (alert.state === "ended") drop(alert.id);
  else alerts.set(alert.id, alert);
}
function put(feature) {
  stations.set(feature.properties.code, { ...feature.properties, at: feature.geometry.coordinates });
}

// ---- what follows from it, now

export const isOwned = (alert) => Boolean(alert.acknowledged_at || alert.state === "acknowledged");
/** Its condition is on; else it is over, and waits for somebody to see it. */
export const isOn = (alert) => !alert.ended_at;
/** Shelved, suppressed or out of service. One whose time is over is not, whoever has not said so yet. */
export const isMuted = (alert) => Boolean(alert.muted) && !(Date.parse(alert.muted.until) <= now());
const isReal = (alert) => isOn(alert) && !(isMuted(alert) && alert.muted.kind === "out_of_service");
const worstFirst = (a, b) =>
  Number(isOn(b)) - Number(isOn(a)) || Number(isMuted(a)) - Number(isMuted(b)) ||
  GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade) ||
  Number(isOwned(a)) - Number(isOwned(b)) || Date.parse(a.raised_at) - Date.parse(b.raised_at);
const standing = () => (sorted ??= [...alerts.values()].sort(worstFirst));
/** What burns, and is to be told. */
export const openAlerts = () => standing().filter((alert) => isOn(alert) && !isMuted(alert));
export const toAcknowledge = () => openAlerts().filter((alert) => !isOwned(alert));
export const acknowledged = () => openAlerts().filter(isOwned);
export const returned = () => standing().filter((alert) => !isOn(alert) && !isMuted(alert));
export const setAside = () => standing().filter(isMuted);
/** A station's alerts whose condition is on, quiet ones too; without what is out of service. */
export const alertsOf = (code) => allOf(code).filter(isReal);
/** All that stands of a station: over, or set aside, too. */
export function allOf(code) {
  if (!ofStation) {
    ofStation = new Map();
    for (const alert of standing()) {
      if (!ofStation.has(alert.station)) ofStation.set(alert.station, []);
      ofStation.get(alert.station).push(alert);
    }
  }
  return ofStation.get(code) ?? [];
}
/** How many stand: {waiting, taken, returned, aside} of a grade, or of all; the desk may have fewer. */
export function tallyOf(grade = null) {
  const sum = { waiting: 0, taken: 0, returned: 0, aside: 0 };
  if (unseen() === 0) {
    for (const alert of alerts.values()) if (!grade || alert.grade === grade) sum[placeOf(alert)]++;
    return sum;
  }
  for (const each of grade ? [grade] : GRADES) for (const key of Object.keys(sum)) sum[key] += crowd.tally[each]?.[key] ?? 0;
  return sum;
}
const placeOf = (alert) => (isMuted(alert) ? "aside" : !isOn(alert) ? "returned" : isOwned(alert) ? "taken" : "waiting");
/** How many standing alerts the desk does not have. */
export function unseen() {
  if (added.of !== crowd.tally) { // asked for every station: a tally is added up once
    added.of = crowd.tally;
    added.sum = Object.values(crowd.tally ?? {}).flatMap(Object.values).reduce((n, each) => n + each, 0);
  }
  return Math.max(0, added.sum - alerts.size);
}
const added = { of: null, sum: 0 };
export const metricAlert = (code, metric) => alertsOf(code).find((a) => a.metric === metric);

/** The age state of one latest value now; never better than what the server knew. */
export function valueState(station, latest) {
  if (latest.state === "unknown") return "unknown";
  return ageState(ageOf(latest.t), latest.interval_s ?? station.interval_s);
}
/** Where the limit is for a mean over a longer time than one reading stands for: that time, s. */
export function meanPeriod(alert) {
  const latest = stations.get(alert.station)?.latest[alert.metric];
  const interval_s = latest?.interval_s ?? stations.get(alert.station)?.interval_s ?? 0;
  return alert.limit_period_s > interval_s ? alert.limit_period_s : null;
}
/** The station's state now: its newest value's. */
export function stationState(station) {
  if (station.state === "unknown") return "unknown";
  const newest = Object.values(station.latest).find((latest) => latest.t === station.newest);
  return ageState(ageOf(station.newest), newest?.interval_s ?? station.interval_s);
}
/** {grade, owned} of the worst open alert, or {state} normal, suspect, stale or unknown. */
export function condition(station) {
  const worst = alertsOf(station.code)[0], told = GRADES.indexOf(station.severity);
  // A graver alert that the desk was not given: what the server says of the station stands.
  const graver = unseen() && told >= 0 && !(worst && GRADES.indexOf(worst.grade) <= told);
  if (graver) return { grade: station.severity, owned: station.acknowledged, alert: null };
  if (worst) return { grade: worst.grade, owned: isOwned(worst) || isMuted(worst), alert: worst };
  if (station.out_of_service?.some((one) => !one.metrics)) return { state: "out" };
  const state = stationState(station);
  if (state === "stale" || state === "unknown") return { state };
  const values = Object.values(station.latest);
  if (values.some((v) => v.quality === "suspect")) return { state: "suspect" };
  if (station.out_of_service?.length) return { state: "partly" };
  const old = values.some((v) => ["stale", "unknown"].includes(valueState(station, v)));
  return { state: old ? "partly" : "normal" };
}
/** Stations and cameras whose data are missing or old, longest first. */
export const silent = () => count().silent;
export const counts = () => ({ silent: count().silent.length, normal: count().normal });
function count() {
  if (census) return census;
  const old = [];
  let normal = 0;
  for (const station of stations.values()) {
    const state = stationState(station);
    if (state === "stale" || state === "unknown") old.push([Date.parse(station.newest) || 0, station]);
    else if (["normal", "suspect"].includes(condition(station).state)) normal++;
  }
  return (census = { silent: old.sort((a, b) => a[0] - b[0]).map(([, station]) => station), normal });
}
/** The value an alert is about: the live one where it can be used, else the alert's own. */
export function liveValue(alert) {
  const latest = stations.get(alert.station)?.latest[alert.metric];
  return latest && latest.value !== null ? latest.value : alert.value;
}
/** How old the value is that an alert shows: {state, age_s}; no old figure passes for a new one. */
export function valueAge(alert) {
  const station = stations.get(alert.station), latest = station?.latest[alert.metric];
  if (!latest) return { state: "fresh", age_s: null };
  return { state: valueState(station, latest), age_s: ageOf(latest.t) };
}
export function trend(station, metric) {
  const rate = station?.latest[metric]?.trend_per_h;
  if (rate === null || rate === undefined) return "";
  const shown = Number(amount(Math.abs(rate), metric)[0].replace(/,/g, "")); // what rounds to nothing is level
  return shown === 0 ? "→" : rate > 0 ? "↑" : "↓";
}
export function choose(station, metric = null, alert = null) {
  Object.assign(chosen, { station, metric, alert });
  emit("chosen");
}
export const sinceOf = (alert) => Math.max(0, (now() - Date.parse(alert.began_at)) / 1000);
