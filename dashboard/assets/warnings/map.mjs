// The area of a warning on the map: shown, drawn by clicks, closed with Enter. It moves only when asked.

import { $, lang, setText, t, urls } from "../common/core.mjs";
import { enlargeLabels } from "../map/labels.mjs";
import { on } from "../common/state.mjs";

const EMPTY = { type: "FeatureCollection", features: [] };
const NARROW = matchMedia("(max-width: 1199px)"); // the area stands below the message, as in warnings.css
let gl = null, ready = false;
export let map = null;
let shown = { polygons: [], circles: [] };
let drawing = null; // {points, done}

export const unseat = () => $("content").append($("warn-side"));
/** Who approves on a narrow screen comes past the area before the button, not after it. */
export function seat() {
  const sure = $("warn-sure")?.parentElement;
  if (sure && NARROW.matches) sure.before($("warn-side"));
  else unseat();
}
/** The map in its holder; once. */
export async function start() {
  if (map) return;
  NARROW.addEventListener("change", seat);
  gl = await import(urls.maplibre);
  map = new gl.Map({
    container: "warn-map", style: styleUrl(), bounds: [[121.68, 29.76], [122.06, 30.0]], attributionControl: false,
    dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 17, minZoom: 7, fadeDuration: 0, doubleClickZoom: false,
    locale: { "Map.Title": t("Map of the area") },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new gl.AttributionControl({ compact: false }), "bottom-left");
  map.addControl(new gl.NavigationControl({ showCompass: false }), "top-right");
  map.on("style.load", dress);
  map.on("idle", () => { $("warn-map").dataset.drawn = "yes"; });
  map.on("click", (event) => drawing && add([event.lngLat.lng, event.lngLat.lat]));
  map.on("mousemove", (event) => drawing && draw([event.lngLat.lng, event.lngLat.lat]));
  map.on("dblclick", () => drawing && finish());
  on("theme", () => map.setStyle(styleUrl(), { diff: false }));
  document.addEventListener("keydown", onKey, true);
}
const styleUrl = () => new URL(urls.style.replace("{theme}", document.documentElement.dataset.shown).replace("{lang}", lang), location.href).href;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function dress() {
  const grade = shown.grade ?? "blue";
  map.addSource("area", { type: "geojson", data: EMPTY });
  map.addLayer({ id: "area-fill", source: "area", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour(`${grade}-fill`), "fill-opacity": 0.22 } });
  map.addLayer({ id: "area-edge", source: "area", type: "line", layout: { "line-join": "round" }, paint: { "line-color": colour(`${grade}-edge`), "line-width": 2.5 } });
  map.addLayer({ id: "area-points", source: "area", type: "circle", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 4, "circle-color": colour("selection"), "circle-stroke-color": colour("panel"), "circle-stroke-width": 1.5 } });
  enlargeLabels(map);
  ready = true;
  draw();
}
/** Show an area; `fit`: look at it as well, when another warning is opened. */
export function show(area, grade, fit = false) {
  const again = grade !== shown.grade;
  shown = { polygons: area.polygons, circles: area.circles, grade };
  if (!ready) return void (fit && map?.once("load", () => fitShown()));
  if (again) {
    map.setPaintProperty("area-fill", "fill-color", colour(`${grade}-fill`));
    map.setPaintProperty("area-edge", "line-color", colour(`${grade}-edge`));
  }
  draw();
  if (fit) fitShown();
}
function fitShown() {
  const at = rings().flat();
  if (!at.length) return;
  const lon = at.map((p) => p[0]), lat = at.map((p) => p[1]);
  map.fitBounds([[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]], { padding: 40, maxZoom: 14, duration: 0 });
}
const rings = () => [...shown.polygons, ...shown.circles.map(round)];
/** A circle of kilometres as a ring of degrees. */
function round({ lon, lat, radius_km }) {
  const north = radius_km / 111.2, east = north / Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: 65 }, (_, i) => [lon + east * Math.sin((i * Math.PI) / 32), lat + north * Math.cos((i * Math.PI) / 32)]);
}
function draw(cursor = null) {
  if (!ready) return;
  const feature = (type, coordinates) => ({ type: "Feature", properties: {}, geometry: { type, coordinates } });
  const features = rings().filter((ring) => ring.length > 2).map((ring) => feature("Polygon", [ring]));
  if (drawing) {
    const line = cursor ? [...drawing.points, cursor] : drawing.points;
    if (line.length > 1) features.push(feature("LineString", line));
    features.push(...drawing.points.map((point) => feature("Point", point)));
  }
  map.getSource("area")?.setData({ type: "FeatureCollection", features });
}

// ---- drawing

/** Begin a polygon; `done(ring | null)` with a closed ring, or null where it was given up. */
export function begin(done) {
  if (!ready) return;
  drawing = { points: [], done };
  map.getCanvas().style.cursor = "crosshair";
  map.getContainer().scrollIntoView({ block: "nearest" });
  say();
}
export const isDrawing = () => drawing !== null;
/** Another warning is opened, or none: what was being drawn was for the one before. */
export function cancel() {
  if (!drawing) return;
  drawing = null;
  map.getCanvas().style.cursor = "";
  say();
  draw();
}
function add(point) {
  const last = drawing.points.at(-1);
  const at = point.map((degrees) => Math.round(degrees * 1e5) / 1e5);
  if (last && last.join() === at.join()) return; // the second click of a double one
  drawing.points.push(at);
  draw();
  say();
}
function say() {
  const n = drawing?.points.length ?? 0;
  setText($("warn-map-said"), drawing ? (n < 3 ? t("Click the corners of the area; {n} so far. Esc gives up.", { n }) : t("{n} corners. Enter or a double click closes the area, Backspace takes one back.", { n })) : "");
}
export function finish() {
  const { points, done } = drawing;
  drawing = null;
  map.getCanvas().style.cursor = "";
  say();
  draw();
  done(points.length < 3 ? null : [...points, points[0]]);
}
function onKey(event) {
  if (!drawing || event.target.closest?.("input, textarea, select")) return;
  const acts = {
    Enter: () => drawing.points.length > 2 && finish(),
    Escape: () => { drawing.points = []; finish(); },
    Backspace: () => { drawing.points.pop(); draw(); say(); },
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  acts[event.key]();
}
