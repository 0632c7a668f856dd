// The footprint on the map: hatched zones, the wedge of directions, reaches on leaders. No fetching.

import { beside } from "./beside.mjs";
import { remScale } from "../common/core.mjs";
import { kilometres } from "./plume_words.mjs";

const SVG = "http://www.w3.org/2000/svg";
const GRADES = ["yellow", "orange", "red"]; // drawn in this order, the gravest on top
const EMPTY = { type: "FeatureCollection", features: [] };
let drawn = EMPTY; // what the sources have, to be put back after a change of theme
let shown = null; // the document behind it
let key = "";

/** Sources and layers, at the start and after each change of theme; below the stations. */
export function add(map, colour) {
  const scale = remScale(), ratio = Math.max(2, Math.ceil(devicePixelRatio));
  for (const [grade, gap, width] of [["orange", 7, 2.2], ["yellow", 13, 1.4]]) {
    map.addImage(`hatch-${grade}`, hatch(colour(`${grade}-edge`), gap, width, scale, ratio), { pixelRatio: ratio });
  }
  map.addSource("plume", { type: "geojson", data: drawn });
  const of = (what) => ["==", ["get", "what"], what];
  for (const grade of GRADES) {
    const paint = grade === "red" ? { "fill-color": colour("red-fill"), "fill-opacity": 0.82 } : { "fill-pattern": `hatch-${grade}` };
    map.addLayer({ id: `plume-${grade}`, source: "plume", type: "fill", filter: of(`fill-${grade}`), paint });
  }
  for (const grade of GRADES) {
    line(map, `plume-${grade}-edge`, of(`edge-${grade}`), colour(`${grade}-edge`), 2 * scale);
    line(map, `plume-${grade}-if`, of(`if-${grade}`), colour(`${grade}-edge`), 2 * scale, [2.5, 1.5]);
  }
  line(map, "plume-wedge", of("wedge"), colour("text-secondary"), 1.3 * scale, [4, 3]);
  line(map, "plume-isolation", of("isolation"), colour("text"), 1.6 * scale);
}
function line(map, id, filter, colour, width, dashes) {
  map.addLayer({ id, source: "plume", type: "line", filter, layout: { "line-join": "round" },
    paint: { "line-color": colour, "line-width": width, ...(dashes ? { "line-dasharray": dashes } : {}) } });
}
/** A tile of parallel lines that goes on without a seam. */
function hatch(colour, gap, width, scale, ratio) {
  const side = Math.round(gap * scale * ratio);
  const canvas = new OffscreenCanvas(side, side), ctx = canvas.getContext("2d");
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * scale * ratio * 0.7;
  ctx.lineCap = "square";
  for (const by of [-side, 0, side]) {
    ctx.beginPath();
    ctx.moveTo(by, side);
    ctx.lineTo(by + side, 0);
    ctx.stroke();
  }
  return ctx.getImageData(0, 0, side, side);
}

/** Draw an assessment, or nothing (null); the map hears of it only if it looks different. */
export function show(map, found) {
  shown = found;
  const wanted = found ? features(found) : EMPTY;
  const now = JSON.stringify(wanted);
  if (now !== key) {
    key = now;
    drawn = wanted;
    map?.getSource("plume")?.setData(drawn);
  }
}
function features(found) {
  const zones = [...found.zones].filter((zone) => zone.geometry).reverse(); // the widest first
  const parts = zones.flatMap((zone, index) => [
    feature(`fill-${zone.grade}`, less(zone.geometry, zones[index + 1]?.geometry)),
    feature(`${found.what_if ? "if" : "edge"}-${zone.grade}`, zone.geometry), // dashed: it is not so
  ]);
  if (found.wedge) parts.push(feature("wedge", found.wedge));
  if (found.shape === "nothing" && found.isolation) parts.push(feature("isolation", found.isolation.geometry));
  return { type: "FeatureCollection", features: parts };
}
const feature = (what, geometry) => ({ type: "Feature", properties: { what }, geometry });
/** A zone without the graver one inside it: two hatches over each other cannot be read. */
function less(outer, inner) {
  if (!inner) return outer;
  return { type: "Polygon", coordinates: [outer.coordinates[0], [...inner.coordinates[0]].reverse()] };
}

/** [[west, south], [east, north]] of all that is drawn; null: nothing is. */
export function bounds() {
  const at = drawn.features.flatMap((each) => each.geometry.coordinates[0]);
  if (!at.length) return null;
  const lon = at.map((p) => p[0]), lat = at.map((p) => p[1]);
  return [[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]];
}

// ---- reaches: a dot in the zone, a leader, how far it goes

/** Anew with each move of the map; free: what the panels leave; taken: boxes not to write on. */
export function leaders(map, svg, free, taken) {
  const zones = shown?.zones.filter((zone) => zone.geometry) ?? [];
  const spots = zones.map((zone) => spot(map, zone)).filter(({ x, y }) => x > free.left && x < free.right && y > free.top && y < free.bottom);
  const placed = beside(spots, free, taken, remScale());
  svg.replaceChildren(...placed.flatMap(draw));
}
/** Where the leader begins: on the axis, most of the way out. */
function spot(map, zone) {
  const { lon, lat } = shown.source, ring = zone.geometry.coordinates[0];
  const far = shown.shape === "circle" ? ring.reduce((a, b) => (b[0] > a[0] ? b : a)) : tip(ring, lon, lat);
  const out = shown.shape === "circle" ? 1 : 0.86;
  const { x, y } = map.project([lon + (far[0] - lon) * out, lat + (far[1] - lat) * out]);
  return { x, y, grade: zone.grade, text: kilometres(zone.reach_m, zone.more) };
}
function tip(ring, lon, lat) {
  const squeeze = Math.cos((lat * Math.PI) / 180);
  const away = ([x, y]) => Math.hypot((x - lon) * squeeze, y - lat);
  return ring.reduce((a, b) => (away(b) > away(a) ? b : a));
}
function draw({ x, y, to, anchor, grade, text }) {
  const line = node("line", { x1: x, y1: y, x2: to.x, y2: to.y, class: "leader" });
  const dot = node("circle", { cx: x, cy: y, r: 2.6 * remScale(), class: "leader-dot", "data-grade": grade });
  const label = node("text", { x: to.x + (anchor === "start" ? 5 : -5), y: to.y, "text-anchor": anchor, class: "leader-text" });
  label.textContent = text;
  return [line, dot, label];
}
function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
