// The map: one GeoJSON source fed by differences. It moves only when a person moves it.

import { $, el, icon, keyed, lang, remScale, setText, shape, shortName, t, urls } from "./core.mjs";
import { alertsOf, choose, chosen, condition, isOwned, on, openAlerts, redraw, stations, valueState } from "./state.mjs";
import { enlargeLabels } from "./labels.mjs";
import * as markers from "./markers.mjs";
import * as overview from "./overview.mjs";
import * as plume from "./plume_layer.mjs";
import * as rings from "./rings.mjs";
import { arrange, firstValue, isTagged, label } from "./tags.mjs";
import { numberSides, thin } from "./thin.mjs";

const RANK = { red: 9, orange: 8, yellow: 7, blue: 6, unknown: 3, stale: 2, out: 2, suspect: 1, partly: 0, normal: 0 };
const OVER = { "icon-allow-overlap": true, "icon-ignore-placement": true };
// By state, not by filter: a filter makes the worker lay out the whole source anew.
const SHOWN = { "icon-opacity": ["case", ["boolean", ["feature-state", "hidden"], false], 0, 1] };
const MARKER = { "icon-allow-overlap": true }; // names of the base map move or go where a marker stands
export let map = null;
let gl = null;
let ready = false;
const drawn = new Map(); // code -> the properties that the source has

export async function start() {
  gl = await import(urls.maplibre);
  await markers.load(urls.symbols);
  map = new gl.Map({
    container: "map", style: styleUrl(), bounds: home() ?? [[121.68, 29.76], [122.06, 30.0]],
    fitBoundsOptions: { padding: 24 }, attributionControl: false, dragRotate: false, pitchWithRotate: false,
    touchPitch: false, maxZoom: 17, minZoom: 8, keyboard: true, fadeDuration: 0,
    locale: { "Map.Title": t("Map") },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new gl.AttributionControl({ compact: false }), "bottom-left");
  map.addControl(new gl.ScaleControl({ maxWidth: 90 * remScale() }), "bottom-left");
  map.on("style.load", onStyle);
  map.setMissingStyleImageResolver(addImage);
  map.on("move", () => { standTags(); pointers(); reaches(); overview.frame(map, useful()); });
  map.on("moveend", () => { if (ready) { thinOut(); standTags(); } });
  map.on("click", onClick);
  map.on("mousemove", onHover);
  map.on("mouseout", () => ($("map-tip").hidden = true));
  redraw(["first", "all", "change", "tick", "chosen"], update);
  on("theme", () => map.setStyle(styleUrl(), { diff: false }));
  on("home", goHome);
  on("centre", () => centre(chosen.station));
  rings.start();
  on("zoom-to", ({ bounds, zoom, beside }) => bounds && map.fitBounds(bounds, { padding: padding(80 * remScale(), beside), maxZoom: zoom, duration: duration() }));
  await map.once("load");
}
const theme = () => document.documentElement.dataset.shown;
const styleUrl = () => new URL(urls.style.replace("{theme}", theme()).replace("{lang}", lang), location.href).href;

// ---- pictures and layers

function addImage(id) {
  if (!/^(ring|wind\||\w+\|)/.test(id) || map.hasImage(id)) return;
  const ratio = Math.max(2, Math.ceil(devicePixelRatio));
  map.addImage(id, markers.draw(id, markers.palette(), remScale(), ratio), { pixelRatio: ratio });
}
function onStyle() {
  drawn.clear();
  thinnedFor = ringAt = "";
  hidden.clear();
  plume.add(map, markers.palette());
  map.addSource("stations", { type: "geojson", promoteId: "code", data: { type: "FeatureCollection", features: [...stations.values()].map(feature) } });
  map.addLayer({ id: "wind", source: "stations", type: "symbol", filter: ["has", "wind"], paint: SHOWN,
    layout: { ...OVER, "icon-image": ["get", "wind"], "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map" } });
  map.addSource("chosen", { type: "geojson", data: nowhere() });
  map.addLayer({ id: "ring", source: "chosen", type: "symbol", layout: { ...OVER, "icon-image": "ring" } });
  map.addLayer({ id: "stations", source: "stations", type: "symbol", paint: SHOWN,
    layout: { ...MARKER, "icon-image": ["get", "icon"], "symbol-sort-key": ["get", "sort"] } });
  enlargeLabels(map);
  overview.draw(map.getStyle(), markers.palette());
  ready = true;
  update();
  reaches();
}
function properties(station) {
  const { grade, owned, state } = condition(station);
  const look = grade ? grade + (owned ? "-owned" : "") : state === "partly" ? "normal" : state === "out" ? "stale" : state;
  const found = { code: station.code, icon: `${station.kind}|${look}`, sort: RANK[grade ?? state] + (grade && !owned ? 0.5 : 0) };
  const speed = station.latest.wind_speed_ms, from = station.latest.wind_dir_deg;
  if (speed?.value && from && [speed, from].every((v) => v.value !== null && ["fresh", "late"].includes(valueState(station, v)))) {
    found.wind = `wind|${Math.round(speed.value)}`;
    found.turn = Math.round(from.value + 180) % 360;
  }
  return found;
}
function feature(station) {
  const own = properties(station);
  drawn.set(station.code, { ...own, at: station.at.join() });
  return { type: "Feature", geometry: { type: "Point", coordinates: station.at }, properties: own };
}

// ---- updates: only what looks different goes to the map

function update() {
  if (!ready) return;
  const diff = { add: [], update: [], remove: [] };
  for (const station of stations.values()) compare(station, diff);
  for (const code of drawn.keys()) if (!stations.has(code)) { hide(code, false); diff.remove.push(code); drawn.delete(code); }
  if (diff.add.length || diff.update.length || diff.remove.length) map.getSource("stations").updateData(diff);
  select();
  thinOut();
  label(gl, map);
  const free = useful();
  standTags(free);
  pointers(free);
}
function compare(station, diff) {
  const had = drawn.get(station.code);
  if (!had) return diff.add.push(feature(station));
  const own = properties(station);
  const keys = ["icon", "sort", "wind", "turn"];
  const changed = keys.filter((key) => own[key] !== had[key]);
  const moved = had.at !== station.at.join();
  if (!changed.length && !moved) return;
  drawn.set(station.code, { ...own, at: station.at.join() });
  diff.update.push({
    id: station.code,
    ...(moved ? { newGeometry: { type: "Point", coordinates: station.at } } : {}),
    addOrUpdateProperties: changed.filter((key) => own[key] !== undefined).map((key) => ({ key, value: own[key] })),
    removeProperties: changed.filter((key) => own[key] === undefined),
  });
}
const nowhere = () => ({ type: "FeatureCollection", features: [] });
let ringAt = ""; // where the ring of the chosen station stands
function select() {
  const at = stations.get(chosen.station)?.at;
  if (!ready || ringAt === `${at}`) return;
  ringAt = `${at}`;
  map.getSource("chosen").setData(at ? { type: "Point", coordinates: at } : nowhere());
}

// ---- thinning: what would lie on another marker gives way to a number

const RADIUS = { alert: 18, plain: 12, chosen: 24, number: 9 }; // px
let thinnedFor = "";
let discs = []; // the shown markers in lon, lat
/** Anew only when something that decides has changed: the zoom, a state, the choice, a station. */
function thinOut() {
  const zoom = map.getZoom();
  const scale = remScale();
  const key = `${zoom.toFixed(2)}|${scale}|${chosen.station}|${[...drawn.values()].map((d) => `${d.code}${d.sort}${d.wind ? "w" : ""}${d.at}`).join()}`;
  if (key === thinnedFor) return;
  thinnedFor = key;
  const marks = [...stations.values()].map((station) => mark(station, scale));
  const { shown, places } = thin(marks, 2 * scale);
  const left = marks.filter(({ code }) => shown.has(code));
  discs = left.map(({ code, radius, fixed }) => ({ code, radius, fixed }));
  for (const { code } of marks) hide(code, !shown.has(code));
  rings.show(gl, map, places, numberSides(left, places, RADIUS.number * scale));
}
function mark(station, scale) {
  const { x, y } = map.project(station.at);
  const { sort, wind } = drawn.get(station.code);
  const alert = sort >= RANK.blue;
  const rank = sort + (wind ? 0.3 : 0) - (station.kind === "camera" ? 0.5 : 0);
  const picked = station.code === chosen.station;
  const radius = (picked ? RADIUS.chosen : alert ? RADIUS.alert : RADIUS.plain) * scale;
  return { code: station.code, x, y, rank, radius, fixed: alert || picked };
}
const hidden = new Set(); // codes, as the map has it
function hide(code, away) {
  if (hidden.has(code) === away) return;
  if (away) hidden.add(code);
  else hidden.delete(code);
  map.setFeatureState({ source: "stations", id: code }, { hidden: away });
}
function standTags(free = useful()) {
  arrange(map, free, discs.filter(({ code }) => stations.has(code)).map((disc) => ({ ...disc, ...point(disc.code) })));
}
const point = (code) => { const { x, y } = map.project(stations.get(code).at); return { x, y }; };

// ---- the footprint: below the stations, its reaches written beside it

let footprint = null;
function drawPlume(found) {
  plume.show(ready ? map : null, found);
  if (ready) { reaches(); pointers(); }
}
on("plume", drawPlume); // before the map is there: what has come first is drawn with it
function reaches() {
  const written = [...document.querySelectorAll("#map .tag:not([hidden]), #map .more"), $("plume-card")].map(boxOf);
  const marked = discs.filter(({ code }) => stations.has(code)).map(({ code, radius }) => {
    const { x, y } = point(code);
    return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius };
  });
  const taken = [...written, ...marked];
  plume.leaders(map, leaderSheet(), useful(), taken);
}
/** Where a node stands over the map, in its pixels. */
function boxOf(node) {
  const panel = $("map").getBoundingClientRect(), box = node.getBoundingClientRect();
  return { left: box.left - panel.left, right: box.right - panel.left, top: box.top - panel.top, bottom: box.bottom - panel.top };
}
const within = ({ x, y }, box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
function leaderSheet() {
  const holder = $("plume-leaders");
  return holder.firstChild ?? holder.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
}

// ---- edge pointers: an alert out of sight, or under a panel, is still shown

/** What the panels leave free, in pixels of the map. */
export function useful() {
  const box = $("map").getBoundingClientRect();
  const drawer = $("drawer");
  const free = { left: 0, top: 0, right: box.width, bottom: box.height };
  if (!drawer.hidden) {
    const over = drawer.getBoundingClientRect();
    if (over.left > box.left + 40) free.right = Math.min(free.right, over.left - box.left);
    else if (over.top > box.top + 40) free.bottom = Math.min(free.bottom, over.top - box.top);
  }
  const card = boxOf($("plume-card")); // on a phone it lies across; elsewhere in a corner
  if (card.right - card.left > box.width - 16 && card.top > 40) free.bottom = Math.min(free.bottom, card.top);
  return free;
}
function pointers(free = useful()) {
  const card = boxOf($("plume-card"));
  const out = openAlerts().filter((a) => stations.has(a.station)).map((alert) => ({ alert, at: map.project(stations.get(alert.station).at) }))
    .filter(({ at }) => !within(at, free) || within(at, card));
  const seen = new Set();
  const shown = out.filter(({ alert }) => !seen.has(alert.station) && seen.add(alert.station)).slice(0, 8);
  keyed($("pointers"), shown, ({ alert }) => alert.station, makePointer, (node, item) => fillPointer(node, item, free, card));
  standInLine(card, free);
}
function makePointer({ alert }) {
  const root = el("button", "pointer", null, { type: "button" });
  root.append(icon("i-up", "icon pointer-arrow"), el("span", "pointer-shape"), el("span", "pointer-name"));
  root.addEventListener("click", () => { choose(alert.station, alert.metric, alert.id); centre(alert.station); });
  return root;
}
function fillPointer(root, { alert, at }, free, card) {
  const key = `${alert.grade}|${isOwned(alert)}`;
  if (root.dataset.look !== key) {
    root.dataset.look = key;
    root.querySelector(".pointer-shape").replaceChildren(shape(alert.grade, isOwned(alert)));
  }
  setText(root.querySelector(".pointer-name"), shortName(alert.station_names));
  const cx = (free.left + free.right) / 2, cy = (free.top + free.bottom) / 2;
  const w = root.offsetWidth || 90, h = root.offsetHeight || 26;
  const x = Math.min(free.right - w - 8, Math.max(free.left + 8, at.x - w / 2));
  const y = Math.min(free.bottom - h - 8, Math.max(free.top + 8, at.y - h / 2));
  root.covered = x < card.right && x + w > card.left && y < card.bottom && y + h > card.top;
  root.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  root.firstChild.style.transform = `rotate(${Math.round(Math.atan2(at.x - cx, cy - at.y) * 57.3)}deg)`;
}

/** Those that would stand under the card stand in a line along it. */
function standInLine(card, free) {
  let x = Math.max(card.left, free.left + 8);
  for (const root of [...$("pointers").children].filter((each) => each.covered)) {
    const above = card.top > free.top + root.offsetHeight + 16;
    root.style.transform = `translate(${Math.round(x)}px, ${Math.round(above ? card.top - root.offsetHeight - 8 : card.bottom + 8)}px)`;
    x += root.offsetWidth + 6;
  }
}

// ---- what a person does

function home() {
  const at = [...stations.values()].map((s) => s.at);
  if (!at.length) return null;
  const lon = at.map((p) => p[0]), lat = at.map((p) => p[1]);
  return [[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]];
}
/** beside: id of a panel in the left corner to keep clear of. */
function padding(extra, beside = null) {
  const box = $("map").getBoundingClientRect(), free = useful();
  const corner = beside ? boxOf($(beside)) : null;
  const left = corner && corner.right < free.right - 3 * extra ? corner.right : 0;
  return { left: left + extra / (left ? 2 : 1), top: extra, right: box.width - free.right + extra, bottom: box.height - free.bottom + extra };
}
const duration = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300);
export function goHome() {
  const bounds = home();
  if (bounds) map.fitBounds(bounds, { padding: padding(40 * remScale()), duration: duration() });
}
/** The first view, before anybody has looked: the district in what the panels leave free. */
export function firstView() {
  const bounds = home();
  if (bounds) map.fitBounds(bounds, { padding: padding(36 * remScale()), duration: 0 });
}
function centre(code) {
  const station = stations.get(code);
  if (station) map.easeTo({ center: station.at, padding: padding(0), duration: duration(), zoom: Math.max(map.getZoom(), 12.5) });
  map.once("moveend", () => map.setPadding({ left: 0, top: 0, right: 0, bottom: 0 }));
}
function under(point) {
  const r = 12 * remScale();
  const found = ready ? map.queryRenderedFeatures([[point.x - r, point.y - r], [point.x + r, point.y + r]], { layers: ["stations"] }) : [];
  const there = found.filter((f) => !hidden.has(f.properties.code));
  const far = (f) => { const at = map.project(f.geometry.coordinates); return Math.hypot(at.x - point.x, at.y - point.y) - f.properties.sort; };
  return there.sort((a, b) => far(a) - far(b))[0]?.properties.code ?? null;
}
function onClick(event) {
  const code = under(event.point);
  if (!code) return;
  const worst = alertsOf(code)[0];
  choose(code, worst?.metric ?? null, worst?.id ?? null);
}
function onHover(event) {
  const code = under(event.point);
  map.getCanvas().style.cursor = code ? "pointer" : "";
  const tip = $("map-tip");
  tip.hidden = !code || isTagged(code);
  if (tip.hidden) return;
  setText(tip, firstValue(stations.get(code)));
  tip.style.transform = `translate(${Math.round(event.point.x + 16)}px, ${Math.round(event.point.y - 30)}px)`;
}
