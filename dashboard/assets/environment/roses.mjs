// Roses: where the wind came from, and how much of a pollutant came with it.

import { $, el, figure, metricName, metrics, named, remScale, setText, shortName, t, word } from "../common/core.mjs";
import { count, table } from "../data/books.mjs";
import * as png from "../common/png.mjs";
import * as pick from "./pick.mjs";
import * as range from "./range.mjs";
import { POINTS, cutPercent, percent, rose } from "./rose_plot.mjs";
import { on, stations } from "../common/state.mjs";

const LENGTHS = ["day", "week", "month", "year"];
const STEPS = ["ana-step-1", "ana-step-2", "ana-step-3", "ana-step-4", "ana-step-5"];
const NONE = new Set(["wind_dir_deg", "to_limit_h"]);
const state = { station: null, metric: "", threshold: "p75", time: { length: "month", from: null, to: null }, read: null, found: null };
const selects = {};
let times = null;

export function start(read) {
  state.read = read;
  for (const [name, label] of [["station", t("Station")], ["metric", t("Pollutant")], ["threshold", t("High is")]]) {
    const holder = el("label", "ana-field");
    selects[name] = el("select", "field", null, { id: `roses-${name}` });
    selects[name].addEventListener("change", () => { state[name] = selects[name].value; if (name === "station") state.metric = fitting(state.metric); if (name !== "threshold") state.threshold = "p75"; fill(); read(); });
    holder.append(el("span", "secondary", label), selects[name]);
    $("roses-pick").append(holder);
  }
  times = range.make($("roses-range"), LENGTHS, state.time, read);
  for (const [name, make] of Object.entries({ wind, mean, high })) png.saver($(`roses-${name}-tools`), make, () => said(name));
  on("first", () => { fill(); times.show(); });
  on("theme", lay);
  new ResizeObserver(lay).observe($("roses-wind-plot"));
}
const metricsOf = (code) => Object.keys(stations.get(code)?.latest ?? {}).filter((metric) => metrics[metric] && !NONE.has(metric));
const fitting = (metric) => (metricsOf(state.station).includes(metric) ? metric : metricsOf(state.station).includes("pm25_ugm3") ? "pm25_ugm3" : metricsOf(state.station)[0] ?? "");
function fill() {
  const all = [...stations.values()].filter((one) => metricsOf(one.code).length).sort((a, b) => a.kind.localeCompare(b.kind) || a.code.localeCompare(b.code));
  if (!state.station && all.length) {
    state.station = (all.find((one) => one.kind === "air") ?? all[0]).code;
    state.metric = fitting("pm25_ugm3");
  }
  options(selects.station, all.map((one) => [one.code, `${shortName(one.names)} ${one.code}`]), state.station);
  options(selects.metric, [["", t("only the wind")], ...metricsOf(state.station).map((metric) => [metric, metricName(metric)])], state.metric);
  const limits = state.found?.pollution?.limits ?? [];
  options(selects.threshold, [["p75", t("above its 75th percentile")], ...limits.map((limit) => [limit.name, `${limit.side === "lower" ? "<" : ">"} ${figure(limit.value, metrics[state.metric]?.digits ?? 2)} ${pick.unitOf(state.metric)} ${named(limit.label)}`])], state.threshold);
}
function options(select, entries, chosen) {
  const key = JSON.stringify(entries);
  if (select.dataset.of !== key) select.replaceChildren(...entries.map(([value, name]) => el("option", "", name, { value })));
  select.dataset.of = key;
  select.value = entries.some(([value]) => value === chosen) ? chosen : entries[0]?.[0] ?? "";
}
export function restore(params) {
  Object.assign(state, { station: params.get("station") || null, metric: params.get("metric") ?? "", threshold: params.get("threshold") || "p75" });
  range.readFrom(params, state.time, LENGTHS);
  times?.show();
  fill();
}
export function link() {
  if (!state.station) return "";
  const params = new URLSearchParams({ station: state.station, metric: state.metric, threshold: state.threshold });
  range.write(params, state.time);
  return String(params);
}
export const file = () => `/api/v1/analysis/rose?station=${encodeURIComponent(state.station ?? "")}${state.metric ? `&metric=${encodeURIComponent(state.metric)}&threshold=${encodeURIComponent(state.threshold)}` : ""}&${range.query(state.time)}`;
export const read = async (_, get) => (state.station ? get(file()) : null);
export function draw(found) {
  state.found = found;
  fill();
  if (!found) return;
  setText($("roses-basis"), basis(found));
  lay();
  figures();
}
function basis({ names, wind: one, pollution }) {
  const whose = one.station === state.station ? t("Wind of {station} itself.", { station: shortName(one.names) }) :
    t("{asked} measures no wind: that of {station}, {km} km away.", { asked: shortName(names), station: shortName(one.names), km: figure(one.distance_km, 1) });
  const base = t("Hourly means, valid hours {n} of {all} ({share}); mean {mean} m/s. Directions are where the wind comes from; calm is below {calm} m/s.", { n: count(one.valid), all: count(one.expected), share: cutPercent(one.valid_share), mean: figure(one.mean_ms, 1), calm: one.calm_below_ms });
  const turning = one.variable.hours ? ` ${t("{n} h had wind from no one direction and are in no sector.", { n: one.variable.hours })}` : "";
  const of = pollution ? ` ${t("{metric}: valid hours {n} of {all}, {both} of them with a known wind.", { metric: metricName(pollution.metric), n: count(pollution.valid), all: count(pollution.expected), both: count(pollution.with_wind) })}` : "";
  const origin = one.origin === "live" ? "" : ` ${t("Data: {origin}.", { origin: word(one.origin) })}`;
  return `${whose} ${base}${turning}${of}${origin}`;
}
function lay() {
  const { found } = state;
  if (!found || $("roses-wind-plot").clientWidth < 50) return;
  for (const name of ["mean", "high"]) $(`roses-${name}`).hidden = !found.pollution;
  const k = remScale();
  for (const [name, make] of Object.entries({ wind, mean, high })) {
    const holder = $(`roses-${name}-plot`);
    if (!$(`roses-${name}`).hidden) holder.replaceChildren(make(holder.clientWidth, k));
  }
  setText($("roses-wind-note"), t("share of hours, %"));
  if (!found.pollution) return;
  setText($("roses-mean-note"), `${metricName(found.pollution.metric)}, ${found.pollution.unit}`);
  setText($("roses-high-note"), highText(found.pollution));
}
const digitsOf = (metric) => metrics[metric]?.digits ?? 2;
function highText({ metric, threshold, unit }) {
  if (threshold.value === null) return "—";
  const of = threshold.limit ? named(threshold.limit.label) : "P75";
  return `${metricName(metric)} ${threshold.limit?.side === "lower" ? "<" : ">"} ${figure(threshold.value, digitsOf(metric))} ${unit} (${of})`;
}
function classNames({ classes_ms }) {
  return classes_ms.map((low, n) => (n === classes_ms.length - 1 ? `≥ ${low}` : `${low}–${classes_ms[n + 1]}`));
}
function wind(width, k) {
  const { wind: one } = state.found;
  const petals = one.sectors.map((sector) => sector.classes.map((n) => (one.valid ? (100 * n) / one.valid : 0)));
  const names = classNames(one);
  const greatest = one.sectors.reduce((a, b) => (b.hours > a.hours ? b : a));
  const what = one.valid ? t("Wind rose of {station}: most often from {from}, {share} of hours; calm {calm}", { station: shortName(one.names), from: POINTS()[one.sectors.indexOf(greatest)], share: percent(greatest.share), calm: percent(one.calms.share) }) : t("No valid wind in this time");
  return rose(petals, { width, k, what, steps: STEPS, unit: "%", calm: [t("calm"), percent(one.calms.share, 0)], empty: one.valid ? "" : t("No valid wind in this time"), key: names.map((name, n) => [STEPS[n], n === names.length - 1 ? `${name} m/s` : name]) });
}
function mean(width, k) {
  const { pollution: one } = state.found;
  const petals = one.sectors.map((sector) => [Math.max(0, sector.mean ?? 0)]);
  const what = t("Mean {metric} by where the wind comes from; all figures are in the table", { metric: metricName(one.metric) });
  return rose(petals, { width, k, what, steps: ["ana-step-4"], unit: one.unit, few: (n) => one.sectors[n].few, calm: [t("calm"), figure(one.calm.mean, digitsOf(one.metric))], empty: one.with_wind ? "" : t("No paired hours in this time"), key: fewKey(one, "ana-step-4") });
}
const fewKey = (one, kind) => (one.sectors.some((sector) => sector.hours && sector.few) ? [[kind, t("≥ {n} h", { n: one.few_below })], ["ana-few", t("fewer")]] : []);
function high(width, k) {
  const { pollution: one } = state.found;
  const petals = one.sectors.map((sector) => [100 * (sector.probability ?? 0)]);
  const what = t("Probability of {what} by where the wind comes from; all figures are in the table", { what: highText(one) });
  return rose(petals, { width, k, what, steps: ["ana-step-4"], unit: "%", most: 100, few: (n) => one.sectors[n].few, calm: [t("calm"), percent(one.calm.probability, 0)], empty: one.with_wind ? "" : t("No paired hours in this time"), key: fewKey(one, "ana-step-4") });
}
function said(name) {
  const { names, from, to, wind: one, pollution } = state.found;
  const titles = { wind: `${shortName(one.names)} ${t("Wind rose")}`, mean: `${shortName(names)} ${pollution ? metricName(pollution.metric) : ""} ${t("Mean by wind direction")}`, high: `${shortName(names)} ${t("Probability of high values")} ${pollution ? highText(pollution) : ""}` };
  const lines = basis(state.found).match(/.{1,110}(?:\s|$)|.{1,70}/gu) ?? [];
  return { name: `rose_${name}_${state.station}`, title: titles[name], lines: [png.stretchText(from, to), ...lines.map((line) => line.trim())] };
}
function figures() {
  const { wind: one, pollution } = state.found;
  const head = el("thead"), titles = el("tr"), body = el("tbody");
  const columns = [[t("From where"), ""], [t("Hours"), "figure"], [t("Share of hours"), "figure"], ...classNames(one).map((name) => [`${name} m/s`, "figure"])];
  if (pollution) columns.push([t("Hours of {metric}", { metric: metricName(pollution.metric) }), "figure"], [`${t("Mean")} ${pollution.unit}`, "figure"], [t("High hours"), "figure"], [t("Probability"), "figure"]);
  for (const [name, kind] of columns) titles.append(el("th", kind, name, { scope: "col" }));
  head.append(titles);
  const line = (name, counted, classes, share) => {
    const row = el("tr");
    row.append(el("th", "", name, { scope: "row" }), el("td", "figure", count(counted.hours)), el("td", "figure", percent(counted.share)), ...classes.map((n) => el("td", n ? "figure" : "figure zero", n === null ? "" : count(n))));
    if (pollution && share) row.append(el("td", "figure", count(share.hours)), el("td", "figure", figure(share.mean, digitsOf(pollution.metric))), el("td", "figure", share.above === null ? "—" : count(share.above)), el("td", share.few ? "figure quiet" : "figure", percent(share.probability)));
    else if (pollution) for (let n = 0; n < 4; n++) row.append(el("td", "figure", ""));
    body.append(row);
  };
  one.sectors.forEach((sector, n) => line(`${POINTS()[n]} ${sector.from_deg}°`, sector, sector.classes, pollution?.sectors[n]));
  const none = one.classes_ms.map(() => null);
  line(t("calm"), one.calms, none, pollution?.calm);
  line(t("variable"), one.variable, none, null);
  table($("roses-table"), head, body, t("No valid wind in this time"));
  setText($("roses-note"), t("hours by where the wind comes from"));
}
