// The live map: the same marks as the drawn one (a template of the server's), on MapLibre.

import * as maplibregl from "./maplibre-gl.mjs";

const base = new URL(".", import.meta.url);
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

// Large type and large screens have larger marks: the style sheet says how much.
const grown = () => Number(getComputedStyle(document.documentElement).getPropertyValue("--pins"));

async function style() {
  const found = await (await fetch(new URL(`style-${dark.matches ? "dark" : "light"}-${lang}.json`, base))).json();
  // Worker threads know no page address: sources get whole ones.
  for (const source of Object.values(found.sources)) source.data = new URL(source.data, base).href;
  // The stations bring the towns' names; two names for one place would cover each other.
  found.layers = found.layers.filter((layer) => layer.id !== "town-names");
  return found;
}

export async function open(frame, say, now) {
  maplibregl.setWorkerUrl(new URL("maplibre-gl-worker.mjs", base).href);
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("maplibre-gl.css", base).href });
  document.head.append(sheet);
  await new Promise((done) => { sheet.onload = sheet.onerror = done; });
  const holder = Object.assign(document.createElement("div"), { className: "live-map" });
  holder.dataset.keep = "";
  frame.append(holder);
  const [west, south, east, north] = frame.dataset.box.split(",").map(Number);
  const drawn = await style();
  const [w, s, e, n] = drawn.metadata["dongtai:covered"];
  const map = new maplibregl.Map({
    container: holder, style: drawn, bounds: [[west, south], [east, north]], maxBounds: [[w, s], [e, n]],
    attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 15,
    cooperativeGestures: true, fadeDuration: still.matches ? 0 : 150,
    locale: {
      "NavigationControl.ZoomIn": say("Zoom in"), "NavigationControl.ZoomOut": say("Zoom out"),
      "CooperativeGesturesHandler.WindowsHelpText": say("Use Ctrl and scroll to zoom the map"),
      "CooperativeGesturesHandler.MacHelpText": say("Use Ctrl and scroll to zoom the map"),
      "CooperativeGesturesHandler.MobileHelpText": say("Use two fingers to move the map"), "Map.Title": say("Live map, movable"),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 90 * grown() }), "bottom-left");
  const marks = new Map(), names = new Map();
  const areas = () => warn(map, frame, names, now());
  map.on("style.load", () => { dress(map); areas(); });
  map.once("load", () => {
    place(map, marks);
    thin(map, marks, say);
    const at = document.activeElement?.dataset.pin; // whoever stood on a drawn pin stands on the live one
    document.documentElement.classList.add("map-live");
    marks.get(at)?.button.focus();
    document.dispatchEvent(new Event("dongtai:drawn"));
  });
  map.on("moveend", () => thin(map, marks, say));
  document.addEventListener("dongtai:changed", () => { place(map, marks); thin(map, marks, say); areas(); });
  dark.addEventListener("change", async () => map.setStyle(await style(), { diff: false }));
}

// The areas of the warnings in force, under the names: hatch, line and words by grade, as the drawn map has them.

const LOOKS = { // strokes in a square of `size` px, dashes in line widths; the least grave first
  blue: { size: 10, strokes: [[3, 5, 7, 5]], width: 2.4, dashes: [1, 1.6] },
  yellow: { size: 18, strokes: [[0, 0, 18, 18]], width: 1.6, dashes: [3, 1.6] },
  orange: { size: 9, strokes: [[0, 9, 9, 0]], width: 1.6, dashes: [5, 1.2] },
  red: { size: 10, strokes: [[0, 0, 10, 10], [0, 10, 10, 0]], width: 1.6, dashes: null },
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function dress(map) {
  const before = map.getStyle().layers.find((layer) => layer.type === "symbol")?.id;
  map.addSource("warned", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  for (const [grade, look] of Object.entries(LOOKS)) {
    const own = { source: "warned", filter: ["==", ["get", "grade"], grade] };
    map.addImage(`hatch-${grade}`, hatch(colour(`${grade}-line`), look), { pixelRatio: 2 });
    map.addLayer({ id: `wash-${grade}`, type: "fill", ...own, paint: { "fill-color": colour(grade), "fill-opacity": 0.14, "fill-antialias": false } }, before);
    map.addLayer({ id: `hatch-${grade}`, type: "fill", ...own, paint: { "fill-pattern": `hatch-${grade}`, "fill-opacity": 0.75 } }, before);
    map.addLayer({ id: `edge-${grade}`, type: "line", ...own, layout: { "line-join": "round" },
      paint: { "line-color": colour(`${grade}-line`), "line-width": 2.5, ...(look.dashes ? { "line-dasharray": look.dashes } : {}) } }, before);
  }
}

/** Tiles without a seam: every stroke is drawn from the tiles around it too. */
function hatch(ink, { size, strokes, width }) {
  const sheet = Object.assign(document.createElement("canvas"), { width: size * 2, height: size * 2 });
  const pen = sheet.getContext("2d");
  pen.scale(2, 2);
  Object.assign(pen, { strokeStyle: ink, lineWidth: width });
  for (const dx of [-size, 0, size]) {
    for (const dy of [-size, 0, size]) {
      for (const [x1, y1, x2, y2] of strokes) {
        pen.beginPath();
        pen.moveTo(x1 + dx, y1 + dy);
        pen.lineTo(x2 + dx, y2 + dy);
        pen.stroke();
      }
    }
  }
  return pen.getImageData(0, 0, size * 2, size * 2);
}

// What has run out is not drawn, whether or not the server could say so.
function warn(map, frame, names, now) {
  const found = JSON.parse(frame.dataset.areas ?? "[]").filter((area) => Date.parse(area.expires) > now);
  map.getSource("warned")?.setData({
    type: "FeatureCollection",
    features: found.map(({ grade, rings }) => ({ type: "Feature", properties: { grade }, geometry: { type: "MultiPolygon", coordinates: rings.map((ring) => [ring]) } })),
  });
  const wanted = new Set(found.map(({ id }) => id));
  for (const [id, name] of names) if (!wanted.has(id)) { name.remove(); names.delete(id); }
  for (const { id, grade, label, rings } of found) {
    const corners = rings.flat(), top = corners.reduce((a, b) => (b[1] > a[1] ? b : a));
    const lon = corners.map((corner) => corner[0]), at = [(Math.min(...lon) + Math.max(...lon)) / 2, top[1]];
    if (!names.has(id)) names.set(id, new maplibregl.Marker({ element: document.createElement("div"), anchor: "bottom", offset: [0, -4] }).setLngLat(at).addTo(map));
    const name = names.get(id).setLngLat(at).getElement();
    name.textContent = label;
    for (const one of Object.keys(LOOKS)) name.classList.toggle(one, one === grade);
    name.classList.add("area-word");
  }
}

// One marker a station, kept as long as the station is there: only what changed is drawn anew.
function place(map, marks) {
  const wanted = new Map([...document.getElementById("pins").content.children].map((pin) => [pin.dataset.code, pin]));
  for (const [code, mark] of marks) if (!wanted.has(code)) { mark.marker.remove(); marks.delete(code); }
  let rank = 0;
  for (const [code, pin] of wanted) {
    let mark = marks.get(code);
    if (!mark) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "mark" });
      button.dataset.pin = code;
      const marker = new maplibregl.Marker({ element: button }).setLngLat([Number(pin.dataset.lon), Number(pin.dataset.lat)]).addTo(map);
      marks.set(code, mark = { marker, button });
    }
    mark.rank = rank++;
    if (mark.drawn === pin.outerHTML) continue;
    mark.drawn = pin.outerHTML;
    const name = Object.assign(document.createElement("span"), { className: "sr", textContent: ` ${pin.dataset.name}` });
    mark.button.replaceChildren(document.importNode(pin, true), name);
  }
}

// The server's order: warned first, then the worst air. What would cover an earlier mark goes, and is counted.
function thin(map, marks, say) {
  const taken = [], scale = grown();
  let hidden = 0;
  for (const { marker, button } of [...marks.values()].sort((a, b) => a.rank - b.rank)) {
    const { x, y } = map.project(marker.getLngLat());
    const free = (top, bottom) => taken.every(([a, b, t, u]) => Math.abs(a - x) >= 39 * scale || y + bottom <= b + t || y + top >= b + u);
    const name = button.querySelector(".halo"), ends = name?.getAttribute("y") < 0 ? [-34 * scale, 14 * scale] : [-14 * scale, 34 * scale];
    const named = name && free(...ends), fits = named || free(-14 * scale, 14 * scale);
    button.hidden = !fits;
    button.classList.toggle("bare", !named);
    if (fits) taken.push([x, y, ...(named ? ends : [-14 * scale, 14 * scale])]);
    else hidden += 1;
  }
  const note = document.getElementById("left-out");
  note.textContent = hidden ? say("{n} stations are covered by others here: zoom in, or see the table.", { n: hidden }) : "";
}
