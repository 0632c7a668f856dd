// The wall's other views and its strip: gravest alerts, reservoirs, air; key figures always in sight.

import { $, ageOf, ageText, amount, el, figure, keyed, lang, setClass, setData, setShape, setText, shortName, t, wall } from "../common/core.mjs";
import { alertsOf, isOwned, on, openAlerts, redraw, stations, trend, valueState } from "../common/state.mjs";
import { EVENTS, fill, makeRow } from "./board.mjs";
import { windIsFresh } from "./map.mjs";

const LIST = 6, STRIP = 5, CARDS = 6, AIRS = 8;
const MOST_FULL = 1.3; // of normal pool: more than a dam holds is a wrong figure, and the level is shown
let facts = { water: {}, rain: null };

export function start() {
  for (const name of ["list", "water", "air"]) $(`view-${name}`).append(el("h2", "view-title"), el("div", `view-${name}`), el("p", "view-none"));
  $("wall-strip").append(el("div", "strip-water"), ...["aqi", "wind", "rain"].map((name) => makeFact(name)));
  on("facts", (found) => { facts = found; draw(); });
  on("language", () => {
    for (const node of document.querySelectorAll(".view-list [data-shape]")) delete node.dataset.shape;
    draw();
  });
  redraw(EVENTS, draw);
}
function draw() {
  drawList();
  drawWater();
  drawAir();
  drawStrip();
}
function title(view, text, none = "") {
  const [head, , foot] = $(`view-${view}`).children;
  setText(head, text);
  setText(foot, none);
}

// ---- the gravest alerts

function drawList() {
  const found = openAlerts();
  const rest = found.length - LIST;
  title("list", t("Gravest alerts"), found.length === 0 ? t("Nothing open") : rest > 0 ? t("{n} more", { n: rest }) : "");
  keyed($("view-list").children[1], found.slice(0, LIST), (alert) => alert.id, make, (root, alert) => {
    setData(root, "grade", alert.grade);
    setShape(root.parts.shape, alert.grade, isOwned(alert));
    fill(root.parts, alert);
  });
}
function make() {
  const parts = makeRow("bar item");
  parts.count.remove();
  parts.root.parts = parts;
  return parts.root;
}

// ---- reservoirs

/** Of a reservoir now: level, its distance to the limit, how full, and whether the figures are of now. */
function water(station) {
  const of = facts.water[station.code] ?? null, level = station.latest.level_m, storage = station.latest.storage_m3;
  const state = level && level.value !== null ? valueState(station, level) : "unknown";
  const usable = state === "fresh" || state === "late";
  const full = of?.full_m3 && storage?.value !== null && storage?.value !== undefined ? storage.value / of.full_m3 : null;
  const sound = full !== null && full >= 0 && full < MOST_FULL;
  return {
    station, of, level, state, usable, full: usable && sound ? full : null, mark: of?.full_m3 && of.limit_m3 ? of.limit_m3 / of.full_m3 : null,
    margin: of && usable ? of.limit_m - level.value : null, alert: alertsOf(station.code)[0] ?? null,
  };
}
/** Nearest to its limit first; those of which nothing is known last, never left out. */
function reservoirs() {
  const all = [...stations.values()].filter(({ kind }) => kind === "reservoir").map(water);
  return all.sort((a, b) => (a.margin ?? Infinity) - (b.margin ?? Infinity) || a.station.code.localeCompare(b.station.code));
}
function drawWater() {
  const found = reservoirs();
  title("water", t("Reservoirs, nearest to the limit first"), found.length === 0 ? t("No reservoirs") : found.length > CARDS ? t("{n} more", { n: found.length - CARDS }) : "");
  keyed($("view-water").children[1], found.slice(0, CARDS), ({ station }) => station.code, makeCard, fillCard);
}
function makeCard() {
  const root = el("div", "card"), value = el("div", "card-value");
  value.append(el("b"), " ", el("span", "unit"), el("span", "card-trend"));
  root.append(tank(), el("div", "card-name"), value, el("div", "card-note"), el("div", "card-more"));
  return root;
}
function fillCard(root, one) {
  const [holder, name, value, note, more] = root.children;
  fillTank(holder, one);
  setText(name, shortName(one.station.names));
  setText(value.children[0], one.usable ? amount(one.level.value, "level_m")[0] : t("no data"));
  setText(value.children[1], one.usable ? "m" : "");
  setText(value.children[2], one.usable ? trend(one.station, "level_m") : "");
  setText(note, noteOf(one));
  setText(more, one.full === null ? "" : t("holds {n} %", { n: figure(one.full * 100, 0) }));
}
function noteOf({ of, margin, usable, level, state, station }) {
  if (!usable) return ageText(ageOf(level?.t ?? null), state);
  if (margin === null) return t("no limit known");
  const distance = { n: figure(Math.abs(margin), 2), limit: of.limit[lang] };
  const left = margin < 0 ? t("{n} m over {limit}", distance) : t("{n} m below {limit}", distance);
  const hours = station.latest.to_limit_h;
  const known = hours && hours.value !== null && hours.value < 48 && ["fresh", "late"].includes(valueState(station, hours));
  return known ? `${left} · ${t("next limit in about {n} h", { n: figure(hours.value, 1) })}` : left;
}
function tank() {
  const root = el("div", "tank", null, { "aria-hidden": "true" });
  root.append(el("i", "tank-fill"), el("i", "tank-limit"));
  return root;
}
function fillTank(root, { full, mark, alert, usable }) {
  setData(root, "grade", alert?.grade ?? null);
  setData(root, "state", usable && full !== null ? null : "unknown");
  root.children[0].style.height = `${Math.min(100, Math.max(0, (full ?? 0) * 100 / 1.15))}%`; // room above for a flood
  root.children[1].hidden = mark === null;
  root.children[1].style.bottom = `${Math.min(100, (mark ?? 0) * 100 / 1.15)}%`;
}

// ---- air

const live = (station, metric) => {
  const latest = station.latest[metric];
  return latest && latest.value !== null && latest.quality !== "impossible" && ["fresh", "late"].includes(valueState(station, latest)) ? latest.value : null;
};
const airs = () => [...stations.values()].filter((station) => station.kind === "air");
const classOf = (aqi) => wall.aqi.findIndex(({ top }) => aqi <= top) + 1 || wall.aqi.length;
function drawAir() {
  const found = airs().map((station) => ({ station, aqi: live(station, "aqi"), pm: live(station, "pm25_ugm3") }));
  found.sort((a, b) => (b.aqi ?? -1) - (a.aqi ?? -1) || a.station.code.localeCompare(b.station.code));
  title("air", t("Air, the worst first"), found.length === 0 ? t("No air stations") : found.length > AIRS ? t("{n} more", { n: found.length - AIRS }) : "");
  keyed($("view-air").children[1], found.slice(0, AIRS), ({ station }) => station.code, makeAir, fillAir);
}
function makeAir() {
  const root = el("div", "air"), value = el("div", "air-value");
  value.append(el("i", "chip-aqi"), el("b"), el("span", "unit"));
  root.append(el("div", "air-name"), value, el("div", "air-note"));
  return root;
}
function fillAir(root, { station, aqi, pm }) {
  const [name, value, note] = root.children, step = aqi === null ? null : classOf(aqi);
  setText(name, shortName(station.names));
  setData(value.children[0], "step", step);
  setText(value.children[1], aqi === null ? t("no data") : figure(aqi, 0));
  setText(value.children[2], step ? wall.aqi[step - 1][lang] : "");
  const latest = station.latest.pm25_ugm3;
  setText(note, pm !== null ? `PM2.5 ${figure(pm, 0)} µg/m³` : ageText(ageOf(latest?.t ?? null), latest ? valueState(station, latest) : "unknown"));
}

// ---- the strip

function makeFact(name) {
  const root = el("div", "fact", null, { id: `fact-${name}` }), value = el("div", "fact-value");
  value.append(el("i", name === "aqi" ? "chip-aqi" : ""), el("b"), " ", el("span", "unit"));
  root.append(el("div", "fact-name"), value);
  return root;
}
function fact(name, title, number, unit, step = null) {
  const [head, value] = $(`fact-${name}`).children;
  setText(head, title);
  setData(value.children[0], "step", step);
  setText(value.children[1], number);
  setText(value.children[2], unit);
}
function drawStrip() {
  const found = reservoirs();
  keyed($("wall-strip").firstChild, found.slice(0, STRIP), ({ station }) => station.code, makeStrip, fillStrip);
  const known = airs().map((station) => live(station, "aqi")).filter((aqi) => aqi !== null).sort((a, b) => a - b);
  const middle = known.length ? known[Math.floor((known.length - 1) / 2)] : null;
  const step = middle === null ? null : classOf(middle);
  fact("aqi", t("AQI, median of {n}", { n: known.length }), middle === null ? "—" : figure(middle, 0), step ? wall.aqi[step - 1][lang] : t("no data"), step);
  drawWind();
  const rain = facts.rain, gauge = rain && stations.get(rain.station);
  fact("rain", t("Rain 1 h, most"), rain ? figure(rain.hour_mm, 1) : "—", rain ? `mm${gauge ? ` ${town(gauge)}` : ""}` : t("no data"));
}
const town = (station) => station.town?.[lang] || shortName(station.names);
function makeStrip() {
  const root = el("div", "drop"), words = el("div", "drop-words"), value = el("div", "drop-value");
  value.append(el("b"), el("span", "unit"), el("span", "drop-trend"));
  words.append(el("div", "drop-name"), value);
  root.append(tank(), words);
  return root;
}
function fillStrip(root, one) {
  fillTank(root.firstChild, one);
  const [name, value] = root.lastChild.children;
  setText(name, shortName(one.station.names).replace(/水库$| reservoir$/i, ""));
  const known = one.full !== null;
  setText(value.children[0], known ? figure(one.full * 100, 0) : one.usable ? amount(one.level.value, "level_m")[0] : "—");
  setText(value.children[1], known ? "%" : one.usable ? " m" : ` ${t("no data")}`);
  setText(value.children[2], one.usable ? trend(one.station, "level_m") : "");
  setClass(value, known ? "drop-value" : "drop-value level");
}
/** The wind where the gravest alert is, else where it blows hardest. */
function drawWind() {
  const blown = [...stations.values()].filter(windIsFresh), worst = stations.get(openAlerts()[0]?.station);
  const near = (station) => (worst ? Math.hypot(station.at[0] - worst.at[0], station.at[1] - worst.at[1]) : -station.latest.wind_speed_ms.value);
  const one = blown.sort((a, b) => near(a) - near(b) || a.code.localeCompare(b.code))[0];
  if (!one) return fact("wind", t("Wind"), "—", t("no data"));
  const points = t("N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW").split(" ");
  const from = points[Math.round(one.latest.wind_dir_deg.value / 22.5) % 16];
  fact("wind", `${t("Wind")} ${town(one)}`, `${from} ${figure(one.latest.wind_speed_ms.value, 1)}`, "m/s");
}
