// The stations on the map: a source that holds what is shown in and around the view, kept by differences.
// How a station looks is worked out when it changes, and when its data grow old; never all of them each second.

import { now, remScale } from "../common/core.mjs";
import { alerts, chosen, condition, isMuted, stations, valueState } from "../common/state.mjs";
import { choice, isShown } from "./choice.mjs";
import { numberSides, thinTo } from "./thin.mjs";
import { gauge } from "./water_marks.mjs";

export const RANK = { red: 9, orange: 8, yellow: 7, blue: 6, unknown: 3, stale: 2, out: 2, suspect: 1, partly: 0, normal: 0 };
const RADIUS = { alert: 18, plain: 12, chosen: 24, number: 9 }; // px
const MOST_NUMBERS = 220; // on a screen: rings to click, not a carpet
const OVER = { "icon-allow-overlap": true, "icon-ignore-placement": true };
const MARKER = { "icon-allow-overlap": true }; // names of the base map move or go where a marker stands
const PARTS = ["icon", "sort", "wind", "turn", "note"];
const looks = new Map(); // code -> how it looks, of every station
const onMap = new Map(); // code -> the look that the source has
const due = new Map(); // code -> ms when its data grow old, if nothing comes
let thinned = { shown: new Set(), places: [] }, left = []; // left: the shown marks, in px of the whole world
let thinnedFor = null, stale = true; // stale: something that decides has changed
let cover = null; // [west, south, east, north] that the source holds
let checkedAt = 0;
export const counts = { updates: 0, features: 0, thinnings: 0 }; // what the bench looks at

// ---- how a station looks

function look(station) {
  const { grade, owned, state } = condition(station);
  const face = grade ? grade + (owned ? "-owned" : "") : state === "partly" ? "normal" : state === "out" ? "stale" : state;
  const tank = choice.water && station.kind === "reservoir" ? gauge(station) : null;
  return {
    kind: station.kind, at: station.at.join(), icon: `${station.kind}|${face}${tank && !grade ? `|${tank.level}` : ""}`,
    sort: RANK[grade ?? state] + (grade && !owned ? 0.5 : 0), ...(choice.wind ? windOf(station) : {}), ...(tank ? { note: tank.note } : {}),
  };
}
function windOf(station) {
  const speed = station.latest.wind_speed_ms, from = station.latest.wind_dir_deg;
  if (!speed?.value || !from || ![speed, from].every((v) => v.value !== null && ["fresh", "late"].includes(valueState(station, v)))) return {};
  return { wind: `wind|${Math.round(speed.value)}`, turn: Math.round(from.value + 180) % 360 };
}
/** When one of its values passes from fresh to late or stale, ms; Infinity: never by itself. */
function nextAge(station) {
  let next = Infinity;
  const at = now();
  for (const latest of Object.values(station.latest)) {
    const t = Date.parse(latest.t), interval_ms = (latest.interval_s ?? station.interval_s) * 1000;
    for (const times of [2, 5]) if (t + times * interval_ms >= at) next = Math.min(next, t + times * interval_ms);
  }
  return next;
}
/** The stations whose data have just grown old, or whose alerts come back from the shelf. */
export function aged() {
  const at = now(), codes = [];
  // A clock that jumped (a replay, a wrong one set right) leaves no mark to rely on.
  if (at < checkedAt || at - checkedAt > 5000) { checkedAt = at; return null; }
  checkedAt = at;
  for (const [code, ms] of due) if (ms < at) codes.push(code);
  for (const alert of alerts.values()) if (alert.muted && !isMuted(alert)) codes.push(alert.station);
  return codes;
}

/** Look anew at these stations, or at all (null); the codes of those that look different. */
function refresh(codes) {
  const changed = [];
  for (const code of codes ?? stations.keys()) {
    const station = stations.get(code), had = looks.get(code);
    if (!station) continue;
    const found = look(station);
    due.set(code, nextAge(station));
    if (had && had.at === found.at && PARTS.every((key) => had[key] === found[key])) continue;
    stale ||= !had || had.sort !== found.sort || had.at !== found.at || Boolean(had.wind) !== Boolean(found.wind);
    looks.set(code, found);
    changed.push(code);
  }
  if (looks.size > stations.size) for (const code of looks.keys()) if (!stations.has(code)) { looks.delete(code); due.delete(code); stale = true; }
  return changed;
}

// ---- thinning: what would lie on another marker gives way to a number

const worldSize = (zoom) => 512 * 2 ** zoom; // px
const across = (lon) => (lon + 180) / 360;
const down = (lat) => (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2;

/** Anew only when something that decides has changed: the zoom, a state, the choice, a station. */
function thinOut(map) {
  const zoom = map.getZoom(), scale = remScale();
  const key = `${zoom.toFixed(2)}|${scale}|${chosen.station}|${choice.kinds}`;
  if (!stale && key === thinnedFor) return false;
  thinnedFor = key;
  stale = false;
  counts.thinnings++;
  const size = worldSize(zoom), marks = [];
  for (const [code, found] of looks) {
    const station = stations.get(code);
    if (station && isShown(found.kind, found.sort >= RANK.blue, code === chosen.station)) marks.push(mark(station, found, size, scale));
  }
  thinned = thinTo(marks, mostNumbers(map, marks), 2 * scale);
  left = marks.filter(({ code }) => thinned.shown.has(code));
  return true;
}
function mark(station, { sort, wind }, size, scale) {
  const alert = sort >= RANK.blue, picked = station.code === chosen.station;
  const rank = sort + (wind ? 0.3 : 0) - (station.kind === "camera" ? 0.5 : 0);
  const radius = (picked ? RADIUS.chosen : alert ? RADIUS.alert : RADIUS.plain) * scale;
  return { code: station.code, x: across(station.at[0]) * size, y: down(station.at[1]) * size, rank, radius, fixed: alert || picked };
}
/** So many on a screen, by how many screens the stations stand on. */
function mostNumbers(map, marks) {
  if (marks.length <= MOST_NUMBERS) return marks.length;
  const { width, height } = map.getCanvas().getBoundingClientRect();
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of marks) { x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y); }
  const screens = (Math.max(1, x1 - x0) * Math.max(1, y1 - y0)) / Math.max(1, width * height);
  return MOST_NUMBERS * Math.max(1, screens);
}

// ---- the source

/** Source and layers anew, after a style has come; returns the fonts that its upright names have. */
export function add(map) {
  onMap.clear();
  cover = null;
  const fonts = map.getStyle().layers.find(({ id }) => id === "town-names")?.layout["text-font"];
  map.addSource("stations", { type: "geojson", promoteId: "code", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "wind", source: "stations", type: "symbol", filter: ["has", "wind"],
    layout: { ...OVER, "icon-image": ["get", "wind"], "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map" } });
  map.addSource("chosen", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "ring", source: "chosen", type: "symbol", layout: { ...OVER, "icon-image": "ring" } });
  map.addLayer({ id: "stations", source: "stations", type: "symbol", layout: { ...MARKER, "icon-image": ["get", "icon"], "symbol-sort-key": ["get", "sort"] } });
  return fonts;
}
/** The figures beside reservoirs: they go where a marker or a name stands; `enlargeLabels` sizes them with the names. */
export function addNotes(map, colour, fonts) {
  map.addLayer({ id: "notes", source: "stations", type: "symbol", filter: ["has", "note"],
    layout: { "text-field": ["get", "note"], "text-size": 12, "text-variable-anchor": ["top", "bottom", "right", "left"], "text-radial-offset": 1.5, ...(fonts ? { "text-font": fonts } : {}) },
    paint: { "text-color": colour("text"), "text-halo-color": colour("map-land"), "text-halo-width": 1.6 } });
}
/** codes: what may have changed; null: anything. Returns whether numbers and places are new. */
export function update(map, codes) {
  const changed = refresh(codes), anew = thinOut(map);
  const moved = covering(map);
  send(map, anew || moved ? null : changed);
  return anew || moved;
}
/** The view with as much around it on each side: what a person drags in is there already. */
function covering(map) {
  const bounds = map.getBounds();
  const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  const inside = cover && west >= cover[0] && south >= cover[1] && east <= cover[2] && north <= cover[3];
  const small = cover && (east - west) * 8 > cover[2] - cover[0];
  if (inside && small) return false;
  cover = [west - (east - west), south - (north - south), east + (east - west), north + (north - south)];
  return true;
}
/** Whether a drag or a zoom has left what the source holds. */
export function leaves(map) {
  if (!cover) return true;
  const bounds = map.getBounds();
  return bounds.getWest() < cover[0] || bounds.getSouth() < cover[1] || bounds.getEast() > cover[2] || bounds.getNorth() > cover[3];
}
const covered = ([lon, lat]) => lon >= cover[0] && lat >= cover[1] && lon <= cover[2] && lat <= cover[3];
const wanted = (code) => thinned.shown.has(code) && stations.has(code) && covered(stations.get(code).at);

/** The difference between what is to be seen and what the source has; of these codes, or of all (null). */
function send(map, codes) {
  const diff = { add: [], update: [], remove: [] };
  for (const code of codes ?? thinned.shown) if (wanted(code)) compare(code, diff);
  for (const code of codes ? [] : [...onMap.keys()]) if (!wanted(code)) { onMap.delete(code); diff.remove.push(code); }
  const size = diff.add.length + diff.update.length + diff.remove.length;
  if (!size) return;
  counts.updates++;
  counts.features += size;
  map.getSource("stations").updateData(diff);
}
function compare(code, diff) {
  const found = looks.get(code), had = onMap.get(code);
  if (had === found) return;
  onMap.set(code, found);
  const geometry = { type: "Point", coordinates: stations.get(code).at };
  const shown = PARTS.filter((key) => found[key] !== undefined);
  if (!had) return diff.add.push({ type: "Feature", geometry, properties: { code, ...Object.fromEntries(shown.map((key) => [key, found[key]])) } });
  const changed = PARTS.filter((key) => found[key] !== had[key]);
  diff.update.push({
    id: code, ...(had.at !== found.at ? { newGeometry: geometry } : {}),
    addOrUpdateProperties: changed.filter((key) => found[key] !== undefined).map((key) => ({ key, value: found[key] })),
    removeProperties: changed.filter((key) => found[key] === undefined),
  });
}

// ---- what others ask

export const isThere = (code) => onMap.has(code);
/** A choice of the viewer has changed what all of them look like. */
export const forget = () => { stale = true; };
/** The shown markers in and around the view: {code, radius, fixed}. */
export const discs = () => left.filter(({ code }) => onMap.has(code));
/** Places with their numbers, and the side where each number stands clear. */
export function numbers() {
  const places = thinned.places.filter(({ code }) => onMap.has(code));
  return { places, sides: numberSides(left, places, RADIUS.number * remScale()) };
}
