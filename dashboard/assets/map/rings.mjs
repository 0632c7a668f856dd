// Rings with a number: what thinning left out stays counted and within reach, by mouse and by key.

import { $, el, icon, keyed, remScale, setData, setText, shortName, t, valueText, word } from "../common/core.mjs";
import { alertsOf, choose, condition, emit, on, stations } from "../common/state.mjs";

const NAMED = 12; // of more nobody reads the names
const rings = new Map(); // code of the shown station -> {marker, button, place}
let opened = null; // code of the place whose list is open

/** places: [{code, hidden}]; sides: code -> [dx, dy] in px of its number. */
export function show(gl, map, places, sides) {
  const wanted = new Map(places.map((place) => [place.code, place]));
  for (const [code, ring] of rings) if (!wanted.has(code)) drop(code, ring);
  for (const place of places) {
    const ring = rings.get(place.code) ?? make(gl, map, place.code);
    ring.place = place;
    ring.marker.setLngLat(stations.get(place.code).at).setOffset(sides.get(place.code));
    fill(ring);
  }
  rove([...rings.values()].find((ring) => ring.button.tabIndex === 0)?.button);
}
function drop(code, ring) {
  ring.marker.remove();
  rings.delete(code);
  if (opened === code) close();
}
function make(gl, map, code) {
  const button = el("button", "more", null, { type: "button" });
  button.append(el("span"));
  const marker = new gl.Marker({ element: button, anchor: "center" }).setLngLat(stations.get(code).at).addTo(map);
  button.tabIndex = -1;
  const ring = { marker, button, place: null };
  button.addEventListener("click", (event) => {
    event.stopPropagation(); // the station below is not meant
    enter(map, ring);
  });
  button.addEventListener("keydown", (event) => step(event, button));
  rings.set(code, ring);
  return ring;
}
function fill({ button, place }) {
  const names = place.hidden.slice(0, NAMED).map((code) => shortName(stations.get(code).names));
  if (place.hidden.length > NAMED) names.push("…");
  setText(button.firstChild, `+${place.hidden.length}`);
  const label = t("{n} more here: {names}", { n: place.hidden.length, names: names.join(", ") });
  if (button.getAttribute("aria-label") !== label) {
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  const old = place.hidden.some((code) => ["stale", "unknown"].includes(condition(stations.get(code)).state));
  setData(button, "old", old ? "yes" : null);
}
/** One stop for Tab; the arrows go from ring to ring. */
function rove(current) {
  for (const { button } of rings.values()) button.tabIndex = -1;
  const first = current?.isConnected ? current : rings.values().next().value?.button;
  if (first) first.tabIndex = 0;
}
function step(event, button) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation(); // the arrows would pan the map
  const all = [...rings.values()].map((ring) => ring.button);
  const next = all[(all.indexOf(button) + by + all.length) % all.length];
  rove(next);
  next.focus({ preventScroll: true });
}

// ---- into the place: closer where that parts them, else a list

function enter(map, { place }) {
  const codes = [place.code, ...place.hidden];
  const at = codes.map((code) => stations.get(code).at);
  const bounds = [[Math.min(...at.map((p) => p[0])), Math.min(...at.map((p) => p[1]))], [Math.max(...at.map((p) => p[0])), Math.max(...at.map((p) => p[1]))]];
  const [a, b] = bounds.map((corner) => map.project(corner));
  const apart = Math.hypot(a.x - b.x, a.y - b.y) * 2 ** (CLOSEST - map.getZoom());
  if (apart > 60 * remScale()) emit("zoom-to", { bounds, zoom: CLOSEST });
  else list(map, place.code, codes);
}
const CLOSEST = 15.5;

export function start() {
  $("place-list").addEventListener("keydown", (event) => { if (event.key === "Escape") leave(event); });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#place-list, .more")) close(); });
  for (const event of ["change", "all", "tick"]) on(event, refill);
}
function list(map, code, codes) {
  opened = code;
  const { x, y } = map.project(stations.get(code).at);
  const root = $("place-list");
  root.hidden = false;
  root.dataset.codes = codes.join();
  refill();
  const box = $("map").getBoundingClientRect();
  const left = Math.min(x + 20, box.width - root.offsetWidth - 8), top = Math.min(y + 20, box.height - root.offsetHeight - 8);
  root.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(Math.max(8, top))}px)`;
  root.querySelector("button").focus({ preventScroll: true });
}
function refill() {
  const root = $("place-list");
  if (root.hidden) return;
  const here = root.dataset.codes.split(",").filter((code) => stations.has(code));
  keyed(root, here, (code) => code, makeItem, fillItem);
}
function makeItem(code) {
  const item = el("li"), button = el("button", "place-item", null, { type: "button" });
  button.append(icon(`i-${stations.get(code).kind}`), el("span", "place-name"), el("span", "place-value secondary"));
  button.addEventListener("click", () => {
    const worst = alertsOf(code)[0];
    close();
    choose(code, worst?.metric ?? null, worst?.id ?? null);
  });
  item.append(button);
  return item;
}
function fillItem(item, code) {
  const station = stations.get(code), { grade, state } = condition(station);
  const [metric, latest] = Object.entries(station.latest)[0] ?? [];
  setText(item.querySelector(".place-name"), shortName(station.names));
  const parts = [metric ? valueText(latest.value, metric) : word(station.kind), grade ? word(grade) : ["stale", "unknown"].includes(state) ? word(state) : ""];
  setText(item.querySelector(".place-value"), parts.filter(Boolean).join(" · "));
}
export function close() {
  opened = null;
  $("place-list").hidden = true;
}
function leave(event) {
  const ring = rings.get(opened);
  event.stopPropagation();
  close();
  ring?.button.focus({ preventScroll: true });
}
