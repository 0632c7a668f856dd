// What is near a place: stations with their values, the wind there, who lives within reach, what lies over it.

import { $, ageOf, ageText, cookie, el, icon, keyed, lang, metricName, named, pastQuery, setClass, setText, shortName, t, urls, valueText } from "../common/core.mjs";
import { alertsOf, choose, chosen, condition, emit, on, stations, valueState } from "../common/state.mjs";
import { taker } from "./cross.mjs";
import { circle, lies, way } from "./geodesy.mjs";
import { isClaimed } from "./map.mjs";
import { get } from "../common/read.mjs";
import { people } from "./plume_words.mjs";

const REACH_M = [500, 1000, 3000], MOST = 6, AGAIN_MS = 30_000;
const LONG_PRESS_MS = 600, STILL_PX = 10; // a finger that presses is never quite still
const WIND_WITHIN_M = 30_000;
const FOR_DRAWER = matchMedia("(min-width: 1024px) and (max-width: 1919px)"); // as in map_tools.css
let map = null, pin = null, at = null, turn = 0, covered = null, exposed = null, asked = -Infinity;

export function start() {
  $("near-close").addEventListener("click", close);
  $("near-copy").addEventListener("click", copy);
  $("near-card").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  taker({ wants: () => true, open: () => at !== null, place: (where) => emit("map-bare", where), back: () => {}, leave: close });
  on("map-bare", open);
  for (const event of ["measuring", "layers-open"]) on(event, close);
  on("chosen", () => { if (chosen.station) giveWay(); });
  on("map-style", attach);
  for (const event of ["change", "all", "tick", "past"]) on(event, () => { if (at) draw(); });
  on("sought", () => { if (at) ask(); }); // another moment: other footprints
}
/** On a phone a tap is too easily made: there it takes a long press. */
function attach(drawn) {
  if (map) return;
  map = drawn;
  let timer = null, from = null;
  const stop = () => clearTimeout(timer);
  map.on("touchstart", (event) => {
    stop();
    from = event.point;
    if (event.points.length === 1) timer = setTimeout(() => isClaimed() || emit("map-bare", event.lngLat), LONG_PRESS_MS);
  });
  map.on("touchmove", (event) => { if (event.points.length > 1 || event.point.dist(from) > STILL_PX) stop(); });
  for (const event of ["touchend", "touchcancel", "zoomstart"]) map.on(event, stop);
}
function open({ lng, lat }) {
  at = [lng, lat];
  covered = exposed = null;
  pin ??= $("map-pin");
  asked = -Infinity;
  draw();
  drawAnswers();
  $("near-card").hidden = false;
  stand();
  emit("map-float");
  map.off("move", stand);
  map.on("move", stand);
  $("near-title").focus({ preventScroll: true });
}
function close() {
  const had = at !== null && $("near-card").contains(document.activeElement);
  at = null;
  turn++;
  $("near-card").hidden = $("map-pin").hidden = true;
  map?.off("move", stand);
  emit("map-float");
  if (had) map.getCanvas().focus({ preventScroll: true });
}
/** To the drawer, where there is no room for both. */
function giveWay() {
  if (at && FOR_DRAWER.matches) close();
}
function stand() {
  if (!at) return;
  const { x, y } = map.project(at);
  pin.hidden = false;
  pin.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
const coordinates = () => `${Math.abs(at[1]).toFixed(5)}° ${at[1] < 0 ? "S" : "N"}, ${Math.abs(at[0]).toFixed(5)}° ${at[0] < 0 ? "W" : "E"}`;
async function copy() {
  const text = `${at[1].toFixed(6)}, ${at[0].toFixed(6)}`;
  try {
    await navigator.clipboard.writeText(text);
    setText($("near-said"), t("Copied: {text} (latitude, longitude, WGS-84)", { text }));
  } catch {
    setText($("near-said"), text); // a browser that forbids it: at least to be marked by hand
  }
}

// ---- what the desk knows itself: of the moment that is shown

function draw() {
  if (performance.now() - asked > AGAIN_MS) ask();
  setText($("near-at"), coordinates());
  setText($("near-wind"), wind(nearest((station) => station.latest.wind_speed_ms && station.latest.wind_dir_deg)));
  const around = nearest(({ kind }) => kind !== "camera").slice(0, MOST);
  keyed($("near-stations"), around, ({ station }) => station.code, makeRow, fillRow);
}
/** The nearest thirty by the ellipsoid; which of thousands those may be, a flat map says quickly. */
function nearest(wanted) {
  const squeeze = Math.cos((at[1] * Math.PI) / 180);
  const flat = ({ at: [lon, lat] }) => Math.hypot((lon - at[0]) * squeeze, lat - at[1]);
  const found = [...stations.values()].filter(wanted).map((station) => ({ station, rough: flat(station) }));
  const near = found.sort((a, b) => a.rough - b.rough).slice(0, 30).map(({ station }) => ({ station, ...way(at, station.at) }));
  return near.sort((a, b) => a.metres - b.metres);
}
function wind(around) {
  for (const { station, metres } of around) {
    if (metres > WIND_WITHIN_M) break;
    const { wind_speed_ms: speed, wind_dir_deg: from } = station.latest;
    if (![speed, from].every((v) => v && v.value !== null && ["fresh", "late"].includes(valueState(station, v)))) continue;
    return t("Wind from {deg}°, {speed} · {name}, {far}, {age}", {
      deg: Math.round(from.value), speed: valueText(speed.value, "wind_speed_ms"), name: shortName(station.names), far: far(metres), age: ageText(ageOf(speed.t), valueState(station, speed)),
    });
  }
  return t("Wind not known: no weather station near reports it now.");
}
const far = (metres) => (metres < 1000 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`);
const POINTS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
const CHINESE = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
const towards = (bearing) => (lang === "zh" ? CHINESE : POINTS)[Math.round(bearing / 45) % 8];
function makeRow({ station }) {
  const root = el("li", "near-row"), name = el("button", "near-name", null, { type: "button" });
  name.append(icon(`i-${station.kind}`), el("span"));
  name.addEventListener("click", () => {
    giveWay(); // first, so that the focus has a place to return to from the drawer
    choose(root.dataset.key, null, alertsOf(root.dataset.key)[0]?.id ?? null);
  });
  root.append(name, el("span", "near-far quiet"), el("span", "near-value"), el("span", "near-age quiet"));
  return root;
}
function fillRow(root, { station, metres, bearing }) {
  const metric = alertsOf(station.code)[0]?.metric ?? Object.keys(station.latest)[0], latest = station.latest[metric];
  const state = latest ? valueState(station, latest) : "unknown";
  setText(root.querySelector(".near-name span"), shortName(station.names));
  setText(root.querySelector(".near-far"), `${far(metres)} ${towards(bearing)}`);
  setText(root.querySelector(".near-value"), latest?.t ? valueText(latest.value, metric) : "—");
  setClass(root.querySelector(".near-value"), `near-value ${state}`);
  setText(root.querySelector(".near-age"), latest?.t ? ageText(ageOf(latest.t), state) : t("no data"));
  root.dataset.grade = condition(station).grade ?? "";
  root.title = latest ? metricName(metric) : "";
}

// ---- what the server is asked: footprints, warnings, people

async function ask() {
  const number = ++turn, past = pastQuery();
  asked = performance.now();
  const moment = past ? new Date(past.at).toISOString() : null;
  const [prints, warnings, ...zones] = await Promise.allSettled([
    get(past ? `${urls.replay}/footprints?at=${moment}` : urls.footprints),
    past ? Promise.reject(new Error("past")) : get(`${urls.warnings}?state=open`),
    ...REACH_M.map((metres) => within(metres)),
  ]);
  if (number !== turn || !at) return;
  const value = (one) => (one.status === "fulfilled" ? one.value : null);
  covered = { prints: value(prints)?.footprints ?? null, warnings: value(warnings)?.warnings ?? null, past: Boolean(past) };
  exposed = zones.map(value);
  drawAnswers();
}
function drawAnswers() {
  drawOver();
  drawPeople();
}
/** A question, though it is posted: it changes nothing, so that it may be asked in a replay too. */
async function within(metres) {
  const geometry = { type: "Polygon", coordinates: [circle(at, metres, 128)] };
  const headers = { "Content-Type": "application/json", "X-CSRFToken": decodeURIComponent(cookie("_csrf_token")) };
  const answer = await fetch(urls.exposure, { method: "POST", headers, body: JSON.stringify({ geometry }) });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).exposure;
}
function drawOver() {
  const lines = covered ? [...overPrints(covered.prints), ...overWarnings(covered)] : [[t("Asking …"), "quiet"]];
  $("near-over").replaceChildren(...lines.map(([text, look]) => el("li", look, text)));
}
function overPrints(prints) {
  if (!prints) return [[t("Footprints: not known, no answer."), "quiet"]];
  const found = prints.flatMap(({ footprint }) => {
    const zone = footprint?.zones?.find((each) => each.geometry && lies(at, each.geometry)); // the gravest first
    return zone ? [[t("Inside a footprint: {what}, {limit}", { what: named(footprint.release?.substance?.names ?? footprint.source?.names) || t("gas"), limit: zone.limit.name }), "strong"]] : [];
  });
  return found.length ? found : [[t("In no footprint."), "quiet"]];
}
function overWarnings({ warnings, past }) {
  if (!warnings) return [[past ? t("Warnings: not kept for the past.") : t("Warnings: not known, no answer."), "quiet"]];
  const over = warnings.filter((each) => each.standing === "in_force" && reaches(each.content.area)).map(({ content }) => [t("In the area of a warning: {title}", { title: content.headline[lang] || content.headline.zh }), "strong"]);
  return over.length ? over : [[t("In the area of no warning."), "quiet"]];
}
const reaches = ({ polygons, circles }) =>
  polygons.some((ring) => lies(at, { type: "Polygon", coordinates: [ring] })) || circles.some(({ lon, lat, radius_km }) => way(at, [lon, lat]).metres <= radius_km * 1000);

const SENSITIVE = ["school", "hospital", "care", "shelter"];
function drawPeople() {
  const rows = REACH_M.map((metres, i) => {
    const row = el("tr"), found = exposed?.[i] ?? null;
    row.append(el("th", null, metres < 1000 ? `${metres} m` : `${metres / 1000} km`, { scope: "row" }), el("td", null, crowd(found)));
    row.append(...SENSITIVE.map((kind) => el("td", null, found?.facilities ? String(found.facilities[kind]?.count ?? 0) : "—")));
    return row;
  });
  $("near-people").replaceChildren(...rows);
  const known = exposed?.find(Boolean);
  setText($("near-source"), !exposed ? "" : !known ? t("People and places: not known, no answer.") : [named(known.people?.sources) || known.people?.source, known.people?.assumption ? t("spread evenly: an assumption") : null, known.facilities ? null : t("no facility layer")].filter(Boolean).join(" · "));
}
function crowd(found) {
  if (!found?.people) return "—";
  const { count, low, high } = found.people;
  if (low === high) return people(count);
  const [least, most] = [people(low), people(high)]; // both may be said as "less than one"
  return least === most ? most : `${least}–${most}`;
}
