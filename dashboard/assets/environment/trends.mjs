// Trends: up to six series of any stations over one time, with what they are made of said, and a link that shows them again.

import { $, el, figure, listed, metricName, metrics, named, remScale, setText, shortName, t, toLocal, toMinute, word } from "../common/core.mjs";
import { count, table } from "../data/books.mjs";
import * as lines from "./lines.mjs";
import * as pick from "./pick.mjs";
import * as png from "../common/png.mjs";
import * as range from "./range.mjs";
import { on, stations } from "../common/state.mjs";
import { s } from "../common/svg.mjs";

const MOST = 6, LEAST_HEIGHT = 440, MOST_HEIGHT = 720, REST = 470, EVERY_MS = 60_000;
const LENGTHS = ["hour", "six", "day", "week", "month", "year"];
const state = { chosen: [], time: { length: "week", from: null, to: null }, read: null, found: null, drawn: null, at: null, touched: false };
const shows = [];

export function start(read) {
  state.read = read;
  const changed = () => { state.touched = true; read(); };
  shows.push(pick.make($("trends-pick"), { id: "trends", chosen: state.chosen, most: MOST, limits: true, may: tooManyUnits, changed }), range.make($("trends-range"), LENGTHS, state.time, changed));
  png.saver($("trends-lines-tools"), (width, k) => plot(width, 900, k).svg, said);
  on("first", () => { offer(); for (const each of shows) each.show(); });
  on("theme", () => state.found && lay());
  new ResizeObserver(() => state.found && lay()).observe($("trends-plot"));
  $("trends-plot").addEventListener("pointermove", (event) => point(event));
  $("trends-plot").addEventListener("pointerleave", () => mark(null));
  $("trends-plot").addEventListener("keydown", key);
  setInterval(() => { if (state.time.length) read(); }, EVERY_MS); // what goes up to now goes on
}
/** Something to see before anybody chose: the first two stations with the same metric. */
function offer() {
  if (state.touched || state.chosen.length) return;
  const found = [...stations.values()].filter((one) => one.latest.pm25_ugm3).sort((a, b) => a.code.localeCompare(b.code)).slice(0, 2);
  state.chosen.push(...found.map((one) => ({ station: one.code, metric: "pm25_ugm3", limits: false })));
}
function tooManyUnits(one) {
  const units = new Set([...state.chosen, one].map(({ metric }) => pick.unitOf(metric)));
  return units.size > lines.MOST_AXES ? t("at most three units at once; take a series away first") : "";
}
export function restore(params) {
  const found = (params.get("s") ?? "").split(",").map((each) => ({ ...pick.parse(each.replace(/!$/, "")), limits: each.endsWith("!") })).filter((one) => one.station && metrics[one.metric]);
  state.touched = true;
  state.chosen.splice(0);
  const out = [];
  for (const one of found) {
    if (state.chosen.length < MOST && !tooManyUnits(one)) state.chosen.push(one);
    else out.push(`${one.station} ${metricName(one.metric)}`);
  }
  range.readFrom(params, state.time, LENGTHS);
  for (const each of shows) each.show();
  shows[0]?.say(out.length ? t("left out, for six series and three units are the most: {names}", { names: listed(out) }) : "");
}
export function link() {
  if (!state.chosen.length) return "";
  const params = new URLSearchParams();
  range.write(params, state.time);
  return `s=${state.chosen.map((one) => `${encodeURIComponent(pick.keyOf(one))}${one.limits ? "!" : ""}`).join(",")}&${params}`;
}
export const file = () => `/api/v1/analysis/series?${state.chosen.map((one) => `series=${encodeURIComponent(pick.keyOf(one))}`).join("&")}&${range.query(state.time)}`;
export async function read(_, get) {
  if (!state.chosen.length) return { series: [], from: null, to: null };
  return get(file());
}
export function draw(found) {
  state.found = { ...found, series: found.series.map((one, n) => lines.ready(one, n + 1)) };
  state.at = null;
  unlimited(found.series);
  lay();
  figures();
}
/** The chip of a series without limits says so. */
function unlimited(series) {
  const before = JSON.stringify(state.chosen);
  series.forEach((one, n) => { if (state.chosen[n] && pick.keyOf(state.chosen[n]) === pick.keyOf(one)) state.chosen[n].unlimited = !one.limits.length; });
  if (JSON.stringify(state.chosen) !== before && !$("trends-pick").querySelector("ul").contains(document.activeElement)) shows[0].show();
}
const wanted = () => new Set(state.chosen.flatMap((one, n) => (one.limits ? [n + 1] : [])));
function plot(width, height, k) {
  const { series, from, to } = state.found;
  return lines.draw(series, { from: Date.parse(from), to: Date.parse(to), width, height, k, wanted: wanted(), what: summary() });
}
function lay() {
  const holder = $("trends-plot"), { series } = state.found;
  setText($("trends-lines-note"), series.length ? resolutions(series) : "");
  $("trends-lines-tools").hidden = !series.length;
  if (!series.length) { holder.replaceChildren(el("p", "none secondary", t("Choose a series above: up to six, of any station."))); readout(null); return; }
  const k = remScale();
  if (holder.clientWidth < 50) return;
  // As tall as the screen leaves it: the table below begins in sight.
  const height = Math.max(LEAST_HEIGHT, Math.min(MOST_HEIGHT, innerHeight / k - REST));
  state.drawn = plot(holder.clientWidth, height * k, k);
  holder.replaceChildren(state.drawn.svg);
  mark(state.at);
}
/** Once, where all have the same. */
function resolutions(series) {
  const same = new Set(series.map((one) => one.resolution)).size === 1;
  return same ? lines.resolutionWord(series[0].resolution) : series.map((one) => `${one.number} ${lines.resolutionWord(one.resolution)}`).join(" · ");
}
const summary = () => state.found.series.map((one) => `${shortName(one.names)} ${metricName(one.metric)}`).join("; ") || t("Lines");
function said() {
  const { from, to, series } = state.found;
  const origins = [...new Set(series.map((one) => one.origin).filter((origin) => origin !== "live"))].map(word);
  return {
    name: `trends_${series.map((one) => `${one.station}-${one.metric}`).join("_").slice(0, 80)}`,
    title: listed(series.map((one) => `${shortName(one.names)} ${metricName(one.metric)}`)),
    lines: [`${png.stretchText(from, to)}${origins.length ? ` · ${listed(origins)}` : ""}`, resolutions(series)],
  };
}

// ---- the reading line

function point(event) {
  if (!state.drawn || !state.found.series.length) return;
  const box = state.drawn.svg.getBoundingClientRect(), { from, to } = state.found, { left, right } = state.drawn.box;
  const share = (event.clientX - box.left - left) / (right - left);
  mark(share < 0 || share > 1 ? null : Date.parse(from) + share * (Date.parse(to) - Date.parse(from)));
}
function key(event) {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Escape") return mark(null);
  if (!way || !state.found?.series.length) return;
  event.preventDefault();
  const times = [...new Set(state.found.series.flatMap((one) => one.points.map((p) => p.at)))].sort((a, b) => a - b);
  if (!times.length) return;
  const here = state.at === null ? times.length - (way > 0 ? 1 : 0) : times.findLastIndex((at) => at <= state.at);
  const by = way * (event.shiftKey ? 10 : 1);
  mark(times[Math.max(0, Math.min(times.length - 1, here + (state.at === null && way > 0 ? 0 : by)))]);
}
function mark(at) {
  state.at = at;
  for (const node of state.drawn?.svg.querySelectorAll(".ana-cursor") ?? []) node.remove();
  readout(at);
  if (at === null || !state.drawn) return;
  const { svg, box, x, y } = state.drawn, k = remScale();
  svg.append(s("line", { class: "ana-cursor ana-cursor-line", x1: x(at), x2: x(at), y1: box.top, y2: box.bottom }));
  for (const one of state.found.series) {
    const p = near(one, at);
    if (p && y(one)) svg.append(s("circle", { class: `ana-cursor ana-hollow ana-line-${one.number}`, "stroke-width": 2 * k, cx: x(p.at), cy: y(one)(p.value), r: 4 * k }));
  }
}
/** The nearest point with a value, no farther than what a line would join. */
function near(one, at) {
  let found = null;
  for (const p of one.points) if (p.value !== null && (!found || Math.abs(p.at - at) < Math.abs(found.at - at))) found = p;
  return found && Math.abs(found.at - at) <= (one.gap_s * 1000) / 2 + 1 ? found : null;
}
function readout(at) {
  if (at === null) return setText($("trends-readout"), state.found?.series.length ? t("Point at the chart, or move with the arrow keys, to read values.") : "");
  const parts = state.found.series.map((one) => {
    const p = near(one, at), digits = metrics[one.metric]?.digits ?? 2;
    if (!p) return `${one.number} ${t("no data")}`;
    const reach = p.low !== null && !one.direction ? ` (${figure(p.low, digits)}–${figure(p.high, digits)})` : "";
    return `${one.number} ${p.doubtful ? "~" : ""}${figure(p.value, digits)} ${one.unit}${reach}`;
  });
  setText($("trends-readout"), [toMinute(at), ...parts].join("   "));
}

// ---- the same in figures

function figures() {
  const body = el("tbody");
  for (const one of state.found.series) {
    const row = el("tr"), digits = metrics[one.metric]?.digits ?? 2;
    const counted = one.points.filter((p) => p.value !== null && !p.invalid), values = counted.map((p) => p.value);
    const name = el("th", "two-lines", null, { scope: "row" });
    name.append(el("span", "", `${one.number} ${shortName(one.names)}`), el("span", "secondary", `${metricName(one.metric)}${one.origin === "live" ? "" : ` · ${word(one.origin)}`}`));
    const last = counted.at(-1);
    const least = counted.reduce((a, p) => Math.min(a, p.low ?? p.value), Infinity), most = counted.reduce((a, p) => Math.max(a, p.high ?? p.value), -Infinity);
    const cell = (text, kind = "figure") => el("td", kind, text);
    const num = (value) => (one.direction || !values.length ? "—" : figure(value, digits));
    row.append(name, cell(lines.resolutionWord(one.resolution), ""), cell(one.unit, ""), cell(count(values.length)), cell(num(least)), cell(num(most)), cell(last ? figure(last.value, digits) : "—"), cell(last ? toLocal(last.at).slice(5, 16).replace("T", " ") : "—", ""), cell(count(one.points.filter((p) => p.doubtful).length)), cell(count(breaks(one))), cell(limitText(one), "wrap"));
    body.append(row);
  }
  const head = el("thead"), row = el("tr");
  for (const [name, kind] of [[t("Series"), ""], [t("Resolution"), ""], [t("Unit"), ""], [t("Points"), "figure"], [t("Least"), "figure"], [t("Greatest"), "figure"], [t("Newest"), "figure"], [t("At"), ""], [t("Suspect"), "figure"], [t("Gaps"), "figure"], [t("Limits"), ""]]) row.append(el("th", kind, name, { scope: "col" }));
  head.append(row);
  table($("trends-table"), head, body, t("No series chosen"));
  setText($("trends-note"), state.found.from ? png.stretchText(state.found.from, state.found.to) : "");
}
/** Where the line is broken, its beginning and end counted. */
function breaks(one) {
  const found = lines.runs(one), gap = one.gap_s * 1000;
  if (!found.length) return 1;
  return found.length - 1 + Number(found[0][0].at - Date.parse(state.found.from) > gap) + Number(Date.parse(state.found.to) - found.at(-1).at(-1).at > gap);
}
const limitText = (one) => listed(one.limits.map((limit) => `${named(limit.label)} ${figure(limit.value * one.factor, metrics[one.metric]?.digits ?? 2)}`)) || "—";
