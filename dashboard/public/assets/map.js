// The live map: the same marks as the drawn one (a template of the server's), on MapLibre.

import * as maplibregl from "./maplibre-gl.mjs";

const base = new URL(".", import.meta.url);
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

async function style() {
  const found = await (await fetch(new URL(`style-${dark.matches ? "dark" : "light"}-${lang}.json`, base))).json();
  // Worker threads know no page address: sources get whole ones.
  for (const source of Object.values(found.sources)) source.data = new URL(source.data, base).href;
  // The stations bring the towns' names; two names for one place would cover each other.
  found.layers = found.layers.filter((layer) => layer.id !== "town-names");
  return found;
}

export async function open(frame, say) {
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
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 90 }), "bottom-left");
  const marks = new Map();
  map.once("load", () => {
    document.documentElement.classList.add("map-live");
    place(map, marks);
    thin(map, marks, say);
  });
  map.on("moveend", () => thin(map, marks, say));
  document.addEventListener("dongtai:changed", () => { place(map, marks); thin(map, marks, say); });
  dark.addEventListener("change", async () => map.setStyle(await style()));
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
      button.addEventListener("click", () => pick(code, button));
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
  const taken = [];
  let hidden = 0;
  for (const { marker, button } of [...marks.values()].sort((a, b) => a.rank - b.rank)) {
    const { x, y } = map.project(marker.getLngLat());
    const free = (top, bottom) => taken.every(([a, b, t, u]) => Math.abs(a - x) >= 39 || y + bottom <= b + t || y + top >= b + u);
    const named = button.querySelector(".halo") && free(-14, 34), fits = named || free(-14, 14);
    button.hidden = !fits;
    button.classList.toggle("bare", !named);
    if (fits) taken.push([x, y, -14, named ? 34 : 14]);
    else hidden += 1;
  }
  const note = document.getElementById("left-out");
  note.textContent = hidden ? say("{n} stations are covered by others here: zoom in, or see the table.", { n: hidden }) : "";
}

function pick(code, button) {
  const row = document.getElementById(`t-${code}`), holder = document.getElementById("picked");
  const title = document.createElement("p"), values = document.createElement("p");
  title.append(row.querySelector("th").firstElementChild.cloneNode(true));
  values.append(...[...row.children].slice(1).flatMap((cell) => [...cell.cloneNode(true).childNodes, " "]));
  holder.replaceChildren(title, values);
  document.querySelectorAll(".mark.chosen").forEach((mark) => mark.classList.remove("chosen"));
  button.classList.add("chosen");
}
