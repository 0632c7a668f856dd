// The map: one GeoJSON source fed by differences. It moves only when a person moves it.

import { $, el, icon, keyed, remScale, setText, shape, shortName, t, urls } from "../common/core.mjs";
import { alertsOf, choose, chosen, emit, isOwned, on, openAlerts, stations } from "../common/state.mjs";
import * as base from "./base.mjs";
import { choice } from "./choice.mjs";
import { enlargeLabels } from "./labels.mjs";
import * as layer from "./station_layer.mjs";
import * as markers from "./markers.mjs";
import * as overview from "./overview.mjs";
import * as plume from "./plume_layer.mjs";
import * as rings from "./rings.mjs";
import { arrange, firstValue, isTagged, label } from "./tags.mjs";

const JUST_MS = 700;
export let map = null;
let gl = null;
let ready = false, drawnAt = -Infinity, drawnFor = 1; // drawnFor: remScale

export async function start() {
  gl = await import(urls.maplibre);
  await base.prepare(gl, styleUrl());
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
  map.on("move", onMove);
  map.on("resize", () => { if (ready && drawnFor !== remScale()) anew(); }); // pictures and names have the size of their screen
  map.on("moveend", () => { if (ready) update([]); });
  map.on("click", onClick);
  map.on("mousemove", onHover);
  map.on("mouseout", () => ($("map-tip").hidden = true));
  for (const event of ["first", "all"]) on(event, () => update(null));
  on("change", (data) => update(touched(data)));
  on("tick", () => { if (performance.now() - drawnAt >= JUST_MS) update(layer.aged()); });
  on("chosen", () => update([]));
  on("map-choice", onChoice);
  on("map-float", () => { if (ready) { standTags(); pointers(); reaches(); } });
  on("theme", anew);
  on("home", goHome);
  on("centre", () => centre(chosen.station));
  rings.start();
  on("zoom-to", ({ bounds, zoom, beside }) => bounds && map.fitBounds(bounds, { padding: padding(80 * remScale(), beside), maxZoom: zoom, duration: duration() }));
  await map.once("load");
}
const styleUrl = () => base.styleUrl(choice.base);
function anew() {
  ready = false; // until the style has come: there are no sources to write to
  map.setStyle(styleUrl(), { diff: false });
}
function onMove() {
  if (ready && layer.leaves(map)) update([]);
  standTags();
  pointers();
  reaches();
  overview.frame(map, useful());
}

// ---- pictures and layers

function addImage(id) {
  if (!/^(ring|wind\||\w+\|)/.test(id) || map.hasImage(id)) return;
  const ratio = Math.max(2, Math.ceil(devicePixelRatio));
  map.addImage(id, markers.draw(id, markers.palette(), remScale(), ratio), { pixelRatio: ratio });
}
function onStyle() {
  const colour = markers.palette();
  drawnFor = remScale();
  ringAt = "";
  plume.add(map, colour);
  const fonts = layer.add(map);
  layer.addNotes(map, colour, fonts);
  enlargeLabels(map);
  base.obey(map);
  overview.draw(map.getStyle(), colour);
  ready = true;
  update(null);
  reaches();
  emit("map-style", map);
}
/** What a viewer wants to see has changed: nothing moves, only what is shown. */
function onChoice(what) {
  if (what === "base") return anew();
  if (!ready) return;
  base.obey(map);
  layer.forget();
  update(null);
  reaches();
}

// ---- updates: only what looks different goes to the map

/** The stations that an event may have changed; null: any of them. */
let tallied = null; // how many alerts there are, unseen ones too: they have a say in how stations look
function touched(data) {
  const before = tallied;
  tallied = JSON.stringify(data?.tally ?? null);
  if (tallied !== before || !data?.stations || data.alerts?.length || data.over?.length || data.stale?.length) return null;
  return data.stations.map(({ properties }) => properties.code);
}
function update(codes) {
  if (!ready) return;
  drawnAt = performance.now();
  if (layer.update(map, codes)) {
    const { places, sides } = layer.numbers();
    rings.show(gl, map, places, sides);
  }
  select();
  label(gl, map);
  const free = useful();
  standTags(free);
  pointers(free);
}
const nowhere = () => ({ type: "FeatureCollection", features: [] });
let ringAt = ""; // where the ring of the chosen station stands
function select() {
  const at = stations.get(chosen.station)?.at;
  if (ringAt === `${at}`) return;
  ringAt = `${at}`;
  map.getSource("chosen").setData(at ? { type: "Point", coordinates: at } : nowhere());
}
function standTags(free = useful()) {
  arrange(map, free, layer.discs().map((disc) => ({ ...disc, ...point(disc.code) })), panels());
}
const point = (code) => { const { x, y } = map.project(stations.get(code).at); return { x, y }; };
/** What lies on the map: a tag under it could not be read. */
const panels = () => [...boxesOf("#plume-card, #plume-open, .map-float"), ...corners()];
const corners = () => boxesOf(".tools, .overview"); // at the right edge
const boxesOf = (selector) => [...document.querySelectorAll(selector)].map(boxOf).filter(({ left, right }) => right > left);

// ---- the footprint: below the stations, its reaches written beside it

function drawPlume(found) {
  plume.show(ready ? map : null, found);
  if (ready) { reaches(); pointers(); }
}
on("plume", drawPlume); // before the map is there: what has come first is drawn with it
function reaches() {
  const written = [...document.querySelectorAll("#map .tag:not([hidden]), #map .more"), $("plume-card")].map(boxOf);
  const marked = layer.discs().map(({ code, radius }) => {
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
  const cards = boxesOf("#plume-card, .map-float");
  const out = openAlerts().filter((a) => stations.has(a.station)).map((alert) => ({ alert, at: map.project(stations.get(alert.station).at) }))
    .filter(({ at }) => !within(at, free) || cards.some((card) => within(at, card)));
  const seen = new Set();
  const shown = out.filter(({ alert }) => !seen.has(alert.station) && seen.add(alert.station)).slice(0, 8);
  const right = corners(), stood = boxesOf("#plume-open"); // and where those before stand: none lies on another
  keyed($("pointers"), shown, ({ alert }) => alert.station, makePointer, (node, item) => fillPointer(node, item, free, cards, right, stood));
  for (const card of cards) standInLine(card, free, right);
}
function makePointer({ alert }) {
  const root = el("button", "pointer", null, { type: "button" });
  root.append(icon("i-up", "icon pointer-arrow"), el("span", "pointer-shape"), el("span", "pointer-name"));
  root.addEventListener("click", () => { choose(alert.station, alert.metric, alert.id); centre(alert.station); });
  return root;
}
function fillPointer(root, { alert, at }, free, cards, right, stood) {
  const key = `${alert.grade}|${isOwned(alert)}`;
  if (root.dataset.look !== key) {
    root.dataset.look = key;
    root.querySelector(".pointer-shape").replaceChildren(shape(alert.grade, isOwned(alert)));
  }
  setText(root.querySelector(".pointer-name"), shortName(alert.station_names));
  const cx = (free.left + free.right) / 2, cy = (free.top + free.bottom) / 2;
  const w = root.offsetWidth || 90, h = root.offsetHeight || 26;
  let x = Math.min(free.right - w - 8, Math.max(free.left + 8, at.x - w / 2));
  let y = Math.min(free.bottom - h - 8, Math.max(free.top + 8, at.y - h / 2));
  const covers = (box) => x < box.right && x + w > box.left && y < box.bottom && y + h > box.top;
  const corner = right.find(covers);
  if (corner) x = corner.left - w - 8;
  root.coveredBy = cards.find(covers);
  const inwards = y + h / 2 < cy ? h + 4 : -h - 4;
  for (let n = 0; n < 8 && !root.coveredBy && stood.some(covers); n++) y += inwards;
  if (!root.coveredBy) stood.push({ left: x, right: x + w, top: y, bottom: y + h });
  root.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  root.firstChild.style.transform = `rotate(${Math.round(Math.atan2(at.x - cx, cy - at.y) * 57.3)}deg)`;
}

/** Those that would stand under a card stand in a line along it. */
function standInLine(card, free, right) {
  const line = [...$("pointers").children].filter((each) => each.coveredBy === card), h = line[0]?.offsetHeight;
  const y = card.top > free.top + h + 16 ? card.top - h - 8 : card.bottom + 8;
  const end = Math.min(free.right, ...right.filter((box) => y < box.bottom && y + h > box.top).map(({ left }) => left)) - 8;
  const length = line.reduce((sum, root) => sum + root.offsetWidth + 6, -6);
  let x = Math.max(free.left + 8, Math.min(card.left, end - length));
  for (const root of line) {
    root.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
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
function goHome() {
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
  const there = found.filter((f) => layer.isThere(f.properties.code));
  const far = (f) => { const at = map.project(f.geometry.coordinates); return Math.hypot(at.x - point.x, at.y - point.y) - f.properties.sort; };
  return there.sort((a, b) => far(a) - far(b))[0]?.properties.code ?? null;
}
let claim = null; // who takes the clicks on the map, while somebody measures
export function claimClicks(taker) {
  claim = taker;
  $("map").toggleAttribute("data-claimed", taker !== null); // numbers and tags let them through
}
export const isClaimed = () => claim !== null;
function onClick(event) {
  if (claim) return claim(event);
  $("map-tip").hidden = true; // the tag says it now
  const code = under(event.point);
  if (!code) return event.originalEvent.pointerType === "touch" ? null : emit("map-bare", event.lngLat);
  const worst = alertsOf(code)[0];
  choose(code, worst?.metric ?? null, worst?.id ?? null);
}
function onHover(event) {
  const code = claim ? null : under(event.point);
  map.getCanvas().style.cursor = claim ? "crosshair" : code ? "pointer" : "";
  const tip = $("map-tip");
  tip.hidden = !code || isTagged(code);
  if (tip.hidden) return;
  setText(tip, firstValue(stations.get(code)));
  tip.style.transform = `translate(${Math.round(event.point.x + 16)}px, ${Math.round(event.point.y - 30)}px)`;
}
