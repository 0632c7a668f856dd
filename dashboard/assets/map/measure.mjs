// Measuring on the map: a distance along points, the area of a ring; geodesic, on WGS-84.

import { $, remScale, setText, t } from "../common/core.mjs";
import { emit, on } from "../common/state.mjs";
import { taker } from "./cross.mjs";
import { areaOf, areaText, crosses, lengthOf, lengthText } from "./geodesy.mjs";
import * as desk_map from "./map.mjs";
import { palette } from "./markers.mjs";

let map = null, measuring = false, what = "distance", points = [];

export function start() {
  $("map-measure").addEventListener("click", () => (measuring ? leave() : enter()));
  $("measure-back").addEventListener("click", back);
  $("measure-end").addEventListener("click", leave);
  for (const button of document.querySelectorAll("[data-measure]")) button.addEventListener("click", () => { what = button.dataset.measure; draw(); });
  $("measure-box").addEventListener("keydown", onKey);
  taker({ wants: () => measuring, open: () => true, place: add, back, leave });
  const box = $("measure-box"); // on narrow screens the footprint's card stands on it
  new ResizeObserver(() => box.parentElement.style.setProperty("--measuring", `${box.offsetHeight}px`)).observe(box);
  on("map-style", (drawn) => { map = drawn; layers(); draw(); });
}
function enter() {
  if (!map) return;
  measuring = true;
  points = [];
  emit("measuring");
  desk_map.claimClicks(({ lngLat }) => add(lngLat));
  map.doubleClickZoom.disable(); // two points close together are meant
  draw();
  emit("map-float");
  map.getCanvas().focus({ preventScroll: true });
}
function leave() {
  measuring = false;
  points = [];
  desk_map.claimClicks(null);
  map.doubleClickZoom.enable();
  draw();
  emit("map-float");
  $("map-measure").focus({ preventScroll: true });
}
function onKey(event) {
  const act = { Backspace: back, Escape: leave }[event.key];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
function add({ lng, lat }) {
  points.push([lng, lat]);
  draw();
}
function back() {
  points.pop();
  draw();
}

// ---- what is seen and said

function layers() {
  const colour = palette(), scale = remScale();
  map.addSource("measure", { type: "geojson", data: drawn() });
  map.addLayer({ id: "measure-area", type: "fill", source: "measure", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour("text"), "fill-opacity": 0.12 } });
  map.addLayer({ id: "measure-halo", type: "line", source: "measure", filter: ["!=", ["geometry-type"], "Point"], layout: { "line-join": "round" }, paint: { "line-color": colour("map-land"), "line-width": 5 * scale } });
  map.addLayer({ id: "measure-line", type: "line", source: "measure", filter: ["!=", ["geometry-type"], "Point"], layout: { "line-join": "round" }, paint: { "line-color": colour("text"), "line-width": 2 * scale } });
  map.addLayer({ id: "measure-points", type: "circle", source: "measure", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 4 * scale, "circle-color": colour("panel"), "circle-stroke-color": colour("text"), "circle-stroke-width": 2 * scale } });
}
function drawn() {
  const of = (type, coordinates) => ({ type: "Feature", properties: {}, geometry: { type, coordinates } });
  const parts = points.map((at) => of("Point", at));
  if (what === "area" && points.length > 2) parts.push(of("Polygon", [[...points, points[0]]]));
  else if (points.length > 1) parts.push(of("LineString", points));
  return { type: "FeatureCollection", features: parts };
}
function draw() {
  $("measure-box").hidden = !measuring;
  $("map-measure").setAttribute("aria-pressed", String(measuring));
  for (const button of document.querySelectorAll("[data-measure]")) button.setAttribute("aria-pressed", String(button.dataset.measure === what));
  $("measure-back").disabled = !points.length;
  map?.getSource("measure")?.setData(drawn());
  const [result, note] = words();
  setText($("measure-result"), result);
  setText($("measure-note"), note);
}
const touched = () => matchMedia("(pointer: coarse)").matches;
function words() {
  const length = (list) => lengthText(lengthOf(list)).join(" ");
  if (what === "area") {
    if (points.length < 3) return [t("Points: {n}", { n: points.length }), t("An area needs three points.")];
    if (crosses(points)) return ["—", t("The ring crosses itself: it has no area.")];
    return [areaText(areaOf(points)).join(" "), t("round it {length}", { length: length([...points, points[0]]) })];
  }
  if (points.length < 2) return [t("Points: {n}", { n: points.length }), touched() ? t("Tap points on the map.") : t("Click points on the map. Keys: arrows, Enter, Backspace, Esc.")];
  const last = points.length > 2 ? t("last {length}", { length: length(points.slice(-2)) }) : t("Points: {n}", { n: points.length });
  return [length(points), last];
}
