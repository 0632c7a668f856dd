// The wall's map: plain rings where it is calm, shapes where it burns, gas that goes. Nobody moves it.

import { $, lang, remScale, setText, t, urls } from "../common/core.mjs";
import { acknowledged, choose, chosen, condition, on, redraw, stations, valueState } from "../common/state.mjs";
import * as markers from "../map/markers.mjs";
import * as plume from "../map/plume_layer.mjs";
import { pieces } from "../map/plume_words.mjs";
import { arrange, label } from "../map/tags.mjs";

const RANK = { red: 9, orange: 8, yellow: 7, blue: 6, unknown: 3, stale: 2, out: 2 };
const PLAIN = { "icon-allow-overlap": true, "icon-ignore-placement": true };
export let map = null;
let gl = null, ready = false, drawn = "", box = "";

export async function start() {
  gl = await import(urls.maplibre);
  await markers.load(urls.symbols);
  const style = new URL(urls.style.replace("{theme}", document.documentElement.dataset.shown).replace("{lang}", lang), location.href).href;
  map = new gl.Map({
    container: "map", style, bounds: bounds() ?? [[121.68, 29.76], [122.06, 30.0]], interactive: false,
    attributionControl: false, fadeDuration: 0, locale: { "Map.Title": t("Map") },
  });
  map.addControl(new gl.AttributionControl({ compact: false }), "bottom-left");
  map.addControl(new gl.ScaleControl({ maxWidth: 150 * remScale() }), "bottom-left");
  map.setMissingStyleImageResolver(addImage);
  map.on("style.load", onStyle);
  map.on("move", stand);
  map.on("resize", fit);
  redraw(["first", "all", "change", "tick"], update);
  on("language", speakMap);
  await map.once("load");
}
function bounds() {
  const at = [...stations.values()].map((station) => station.at);
  if (!at.length) return null;
  const lon = at.map((p) => p[0]), lat = at.map((p) => p[1]);
  return [[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]];
}
/** Down to where the map is free: what is said of the gas, and whose map it is, stands below. */
function floor() {
  const plume = $("wall-plume"), scale = remScale();
  return plume.hidden ? $("map").clientHeight - 46 * scale : plume.offsetTop - 4 * scale;
}
/** The district whole, whatever the screen; anew only when either has changed. */
function fit() {
  const { width, height } = $("map").getBoundingClientRect(), wanted = bounds(), foot = height - floor();
  const key = `${width}|${height}|${foot}|${wanted}`;
  if (!width || !wanted || key === box) return;
  box = key;
  map.fitBounds(wanted, { padding: { top: 30 * remScale(), bottom: foot + 20 * remScale(), left: 30 * remScale(), right: 30 * remScale() }, duration: 0 });
}
function addImage(id) {
  if (!/^\w+\|/.test(id) || map.hasImage(id)) return;
  const ratio = Math.max(1, Math.ceil(devicePixelRatio));
  map.addImage(id, markers.draw(id, markers.palette(), remScale(), ratio), { pixelRatio: ratio });
}
function onStyle() {
  plume.add(map, markers.palette());
  map.addSource("stations", { type: "geojson", data: collection() });
  map.addLayer({ id: "stations", source: "stations", type: "symbol", layout: {
    ...PLAIN, "icon-image": ["get", "icon"], "icon-size": ["get", "size"], "symbol-sort-key": ["get", "sort"] } });
  for (const layer of map.getStyle().layers) {
    if (layer.layout?.["text-field"]) map.setLayoutProperty(layer.id, "text-size", 1.9 * 10 * remScale());
  }
  ready = true;
  update();
  fit();
  if (plumes) showPlume({ footprints: plumes });
}
function speakMap() {
  if (!ready) return;
  for (const layer of map.getStyle().layers) {
    if (layer.layout?.["text-field"]) map.setLayoutProperty(layer.id, "text-field", ["get", lang]);
  }
  if (plumes) showPlume({ footprints: plumes });
}

// ---- stations: the source hears only of what looks different

function collection() {
  return { type: "FeatureCollection", features: [...stations.values()].map((station) => {
    const { grade, owned, state } = condition(station);
    const calm = state === "partly" || state === "suspect" ? "normal" : state === "out" ? "stale" : state;
    const icon = grade ? `${station.kind}|${grade}${owned ? "-owned" : ""}` : `dot|${calm}`;
    const sort = (RANK[grade ?? state] ?? 0) + (grade && !owned ? 0.5 : 0);
    return { type: "Feature", geometry: { type: "Point", coordinates: station.at }, properties: { icon, sort, size: grade ? 1 : calm === "normal" ? 0.5 : 0.8 } };
  }) };
}
function update() {
  const free = acknowledged()[0];
  if (free && chosen.station !== free.station) choose(free.station, free.metric, free.id);
  if (!free && chosen.station) choose(null);
  if (!ready || $("map").offsetParent === null) return; // a hidden map is drawn when its view comes
  const wanted = collection(), key = JSON.stringify(wanted);
  if (key !== drawn) {
    drawn = key;
    map.getSource("stations").setData(wanted);
  }
  fit();
  label(gl, map);
  stand();
}
function stand() {
  if (!ready) return;
  const area = $("map").getBoundingClientRect(), scale = remScale();
  const discs = [...stations.values()].map((station) => {
    const { x, y } = map.project(station.at), { grade } = condition(station);
    return { code: station.code, x, y, radius: (grade ? 18 : 7) * scale, fixed: Boolean(grade) };
  });
  arrange(map, { left: 0, top: 0, right: area.width, bottom: floor() }, discs);
}

// ---- gas: the gravest footprint, and its sentence

let plumes = null;
on("facts", showPlume); // before the map is there: what has come first is drawn with it
function showPlume({ footprints }) {
  plumes = footprints;
  const found = footprints.find(({ footprint }) => footprint.headline)?.footprint ?? null;
  plume.show(ready ? map : null, found);
  $("wall-plume").hidden = !found;
  if (found) setText($("wall-plume"), pieces(found.headline).map(([text]) => text).join(""));
  if (ready) { fit(); stand(); }
}
export const windIsFresh = (station) => ["wind_speed_ms", "wind_dir_deg"].every((metric) => {
  const latest = station.latest[metric];
  return latest && latest.value !== null && ["fresh", "late"].includes(valueState(station, latest));
});
