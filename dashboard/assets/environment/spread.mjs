// Distribution and day: two series side by side, up to six compared, each with its valid hours said.

import { $, el, figure, listed, metricName, metrics, named, remScale, setText, shortName, t, word } from "../common/core.mjs";
import { count, table } from "../data/books.mjs";
import * as pick from "./pick.mjs";
import * as plots from "./spread_plot.mjs";
import * as png from "../common/png.mjs";
import * as range from "./range.mjs";
import { cutPercent } from "./rose_plot.mjs";
import { on, stations } from "../common/state.mjs";

const MOST = 6;
const LENGTHS = ["day", "week", "month", "year"];
const NONE = new Set(["wind_dir_deg", "to_limit_h"]);
const state = { chosen: [], time: { length: "month", from: null, to: null }, read: null, found: null, touched: false };
const shows = [];
const digits = (one) => metrics[one.metric]?.digits ?? 2;
const DRAWN = () => {
  const { distribution, diurnal, comparison } = state.found;
  return {
    bins: (width, k) => plots.bins(distribution.series, width, k, digits),
    day: (width, k) => plots.day(diurnal.series, width, k),
    week: (width, k) => plots.week(diurnal.series, width, k, digits),
    pairs: (width, k, tall = 300) => plots.pairs(comparison.pairs[0], comparison.series, width, tall * k, k),
  };
};

export function start(read) {
  state.read = read;
  const changed = () => { state.touched = true; read(); };
  shows.push(pick.make($("spread-pick"), { id: "spread", chosen: state.chosen, most: MOST, limits: false, fits: (metric) => !NONE.has(metric), changed }), range.make($("spread-range"), LENGTHS, state.time, changed));
  for (const name of ["bins", "day", "week", "pairs"]) png.saver($(`spread-${name}-tools`), (width, k) => (name === "pairs" ? DRAWN().pairs(Math.min(width, 760 * k), k, 600) : DRAWN()[name](width, k)), () => said(name));
  on("first", () => { offer(); for (const each of shows) each.show(); });
  on("theme", lay);
  new ResizeObserver(lay).observe($("spread-bins-plot"));
}
function offer() {
  if (state.touched || state.chosen.length) return;
  const found = [...stations.values()].filter((one) => one.latest.pm25_ugm3).sort((a, b) => a.code.localeCompare(b.code)).slice(0, 2);
  state.chosen.push(...found.map((one) => ({ station: one.code, metric: "pm25_ugm3" })));
}
export function restore(params) {
  const found = (params.get("s") ?? "").split(",").map(pick.parse).filter((one) => one && metrics[one.metric] && !NONE.has(one.metric));
  state.touched = true;
  state.chosen.splice(0, state.chosen.length, ...found.slice(0, MOST));
  range.readFrom(params, state.time, LENGTHS);
  for (const each of shows) each.show();
}
export function link() {
  if (!state.chosen.length) return "";
  const params = new URLSearchParams();
  range.write(params, state.time);
  return `s=${state.chosen.map((one) => encodeURIComponent(pick.keyOf(one))).join(",")}&${params}`;
}
const asked = (what, most) => `/api/v1/analysis/${what}?${state.chosen.slice(0, most).map((one) => `series=${encodeURIComponent(pick.keyOf(one))}`).join("&")}&${range.query(state.time)}`;
export const file = () => asked("comparison", MOST);
export async function read(_, get) {
  if (!state.chosen.length) return null;
  const [distribution, diurnal, comparison] = await Promise.all([get(asked("distribution", 2)), get(asked("diurnal", 2)), get(file())]);
  return { distribution, diurnal, comparison };
}
export function draw(found) {
  state.found = found;
  setText($("spread-basis"), found ? bases(found.comparison).join("   ") : t("Choose a series above: two are drawn side by side, up to six compared in the table."));
  for (const name of ["bins", "day", "week", "pairs"]) $(`spread-${name}`).hidden = !found || (name === "pairs" && found.comparison.series.length < 2);
  lay();
  compared(found?.comparison ?? { series: [], pairs: [] });
  hourly(found?.diurnal.series ?? []);
}
/** The time, and of each series that is drawn how much of it is valid. */
function bases({ series, from, to }) {
  const each = series.slice(0, 2).map((one, n) => `${n + 1} ${plots.title(one)} · ${t("hourly means, valid hours {n} of {all} ({share})", { n: count(one.valid), all: count(one.expected), share: cutPercent(one.valid_share) })}${one.origin === "live" ? "" : ` · ${word(one.origin)}`}`);
  return [png.stretchText(from, to), ...each];
}
function lay() {
  if (!state.found || $("spread-bins-plot").clientWidth < 50) return;
  const k = remScale();
  for (const [name, make] of Object.entries(DRAWN())) if (!$(`spread-${name}`).hidden) $(`spread-${name}-plot`).replaceChildren(make($(`spread-${name}-plot`).clientWidth, k));
  setText($("spread-bins-note"), t("share of valid hours, %"));
  setText($("spread-day-note"), t("median and quartiles of each hour"));
  setText($("spread-week-note"), t("median, in fifths"));
  const [pair] = state.found.comparison.pairs;
  if (pair) setText($("spread-pairs-note"), pairText(pair));
}
function pairText(pair) {
  const [, second] = state.found.comparison.series;
  const difference = pair.difference === null ? "" : ` · ${t("2 − 1: {value}", { value: `${signed(pair.difference, digits(second) + 1)} ${second.unit}` })}`;
  return `${t("{n} paired hours", { n: count(pair.n) })} · r ${pair.correlation === null ? "—" : figure(pair.correlation, 2)}${difference}`;
}
const signed = (value, n) => (value > 0 ? `+${figure(value, n)}` : figure(value, n));
const TITLES = () => ({ bins: t("Distribution"), day: t("Course of the day"), week: t("Week and hour"), pairs: t("Paired hours") });
function said(name) {
  const { comparison } = state.found;
  return { name: `${name}_${state.chosen.slice(0, 2).map((one) => `${one.station}-${one.metric}`).join("_")}`, title: `${TITLES()[name]} · ${listed(comparison.series.slice(0, 2).map(plots.title))}`, lines: [...bases(comparison), ...(name === "pairs" ? [pairText(comparison.pairs[0])] : [])] };
}

// ---- the same in figures

function heads(columns) {
  const head = el("thead"), row = el("tr");
  for (const [name, kind] of columns) row.append(el("th", kind, name, { scope: "col" }));
  head.append(row);
  return head;
}
function compared({ series, pairs }) {
  const body = el("tbody");
  series.forEach((one, n) => {
    const row = el("tr"), name = el("th", "two-lines", null, { scope: "row" }), pair = pairs.find((each) => each.second === pick.keyOf(one));
    const num = (value, more = 0) => el("td", value === null ? "figure zero" : "figure", figure(value, digits(one) + more));
    name.append(el("span", "", `${n + 1} ${shortName(one.names)}`), el("span", "secondary", `${metricName(one.metric)} ${one.unit}`));
    row.append(name, el("td", "figure", `${count(one.valid)} / ${count(one.expected)}`), el("td", "figure", cutPercent(one.valid_share)), num(one.mean, 1), ...["p5", "p25", "p50", "p75", "p95", "p98"].map((each) => num(one.quantiles[each])), num(one.greatest), beyond(one), el("td", "figure", pair ? count(pair.n) : "—"), el("td", "figure", pair && pair.difference !== null ? signed(pair.difference, digits(one) + 1) : "—"), el("td", "figure", pair && pair.correlation !== null ? figure(pair.correlation, 2) : "—"));
    body.append(row);
  });
  const figures = [t("Valid / expected"), t("Share"), t("Mean"), "p5", "p25", t("Median"), "p75", "p95", "p98", t("Greatest")].map((name) => [name, "figure"]);
  table($("spread-table"), heads([[t("Series"), ""], ...figures, [t("Hours beyond a limit"), ""], [t("Paired hours"), "figure"], [t("Difference to 1"), "figure"], [t("r with 1"), "figure"]]), body, t("No series chosen"));
  setText($("spread-note"), t("hourly means"));
}
/** Of limits for longer means nothing is counted: an hour is no day. */
function beyond(one) {
  const found = one.limits.filter((limit) => limit.exceed_hours !== null);
  if (!found.length) return el("td", "zero", "—");
  const cell = el("td", "two-lines");
  for (const limit of found) cell.append(el("span", limit.exceed_hours ? "strong" : "secondary", `${count(limit.exceed_hours)} h ${limit.side === "lower" ? "<" : ">"} ${figure(limit.value, digits(one))} ${named(limit.label)}`));
  return cell;
}
function hourly(series) {
  const body = el("tbody");
  for (let hour = 0; hour < 24 && series.length; hour++) {
    const row = el("tr");
    row.append(el("th", "", `${String(hour).padStart(2, "0")}:00`, { scope: "row" }));
    for (const one of series) {
      const { n, p25, median, p75 } = one.hours[hour];
      row.append(el("td", "figure", count(n)), el("td", "figure", figure(median, digits(one))), el("td", "figure", n ? `${figure(p25, digits(one))}–${figure(p75, digits(one))}` : "—"));
    }
    body.append(row);
  }
  const each = series.flatMap((_, n) => [[`${n + 1} n`, "figure"], [`${n + 1} ${t("Median")}`, "figure"], [`${n + 1} p25–p75`, "figure"]]);
  table($("spread-hours-table"), heads([[t("Hour"), ""], ...each]), body, t("No series chosen"));
  setText($("spread-hours-note"), series.map((one, n) => `${n + 1} ${plots.title(one)} ${one.unit}`).join(" · "));
}
