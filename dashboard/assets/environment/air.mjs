// Air: the last 30 days of each station, the days of the chosen one, and what exceeded GB 3095.

import { $, el, figure, lang, listed, metricName, metrics, named, setText, shortName, t, word } from "../common/core.mjs";
import { count, table } from "../data/books.mjs";
import { footnotes, full } from "./footnotes.mjs";

const state = { chosen: null, read: null, of: "2" };
const STEPS = [100, 150, 200]; // of the neutral calendar; above the last: the darkest

export function start(read) {
  state.read = read;
  for (const button of document.querySelectorAll("[data-of]")) button.addEventListener("click", () => ofClass(button.dataset.of));
  press();
  $("air-stations-table").addEventListener("click", (event) => {
    const row = event.target.closest("[data-station]");
    if (!row || row.dataset.station === state.chosen) return;
    state.chosen = row.dataset.station;
    for (const other of $("air-stations-table").querySelectorAll("[data-station]")) current(other);
    state.read();
  });
}
function ofClass(number) {
  state.of = number;
  press();
  state.read();
}
function press() {
  for (const button of document.querySelectorAll("[data-of]")) button.setAttribute("aria-pressed", String(button.dataset.of === state.of));
}
const path = (code, what) => `/api/v1/stations/${encodeURIComponent(code)}/air/${what}`;
export const file = (query) => `${path(state.chosen, "days")}?${query}`;

/** The chosen one first, then one after the other, each drawn as it comes: each is a month of hours.
 *  A station of this kind that measures no pollutant is passed over, and its row says so. */
export async function read(query, get, show) {
  const stations = (await get("/api/v1/stations?kind=air")).features.map(({ properties }) => ({ station: properties, days: null }));
  if (!stations.some((one) => one.station.code === state.chosen)) state.chosen = stations[0]?.station.code ?? null;
  let exceedance = null;
  const chosenFirst = [...stations].sort((a, b) => Number(b.station.code === state.chosen) - Number(a.station.code === state.chosen));
  for (const [index, one] of chosenFirst.entries()) {
    one.days = await known(get(`${path(one.station.code, "days")}?${query}`));
    one.nothing = one.days === null;
    if (one.station.code === state.chosen) {
      if (one.nothing) state.chosen = chosenFirst[index + 1]?.station.code ?? null;
      else exceedance = await above(query, get);
    }
    show({ stations, exceedance });
  }
  return { stations, exceedance };
}
/** null where there is no such thing (404); every other failure is one. */
async function known(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}
function above(query, get) {
  const url = `${path(state.chosen, "exceedance")}?${query}&class=${state.of}`;
  $("exceedance-csv").href = `${url}&format=csv&lang=${lang}`;
  return get(url);
}
export function draw({ stations, exceedance }) {
  setText($("air-stations-note"), t("last 30 days, oldest left; choose one"));
  const body = el("tbody");
  for (const one of stations) body.append(station(one));
  table($("air-stations-table"), heads([t("Station"), ""], [t("Newest day"), ""], [t("30 days"), "calendar-head"], [t("Above 100"), "figure"]), body, t("No air station is set up"));
  if (!$("air-stations-table").querySelector(".legend") && stations.length) $("air-stations-table").append(legend());
  const chosen = stations.find((one) => one.station.code === state.chosen);
  if (!chosen?.days || !exceedance) return;
  days(chosen);
  exceedances(exceedance);
  footnotes("air", exceedance.provenance);
}
function heads(...columns) {
  const row = el("tr");
  for (const [name, kind] of columns) row.append(el("th", kind, name, { scope: "col" }));
  const head = el("thead");
  head.append(row);
  return head;
}
function current(row, button = row.querySelector("button")) {
  if (row.dataset.station === state.chosen) row.dataset.current = "";
  else delete row.dataset.current;
  button.setAttribute("aria-pressed", String(row.dataset.station === state.chosen));
}

// ---- stations

function station({ station: one, days: found, nothing }) {
  if (nothing) return unmeasured(one);
  const row = el("tr", "air-row", null, { "data-station": one.code });
  const name = el("th", "", null, { scope: "row" });
  name.append(el("button", "row-button", shortName(one.names), { type: "button" }));
  row.append(name);
  current(row, name.firstChild);
  if (!found) {
    row.append(el("td", "quiet", t("being read"), { colspan: 3 }));
    return row;
  }
  const { reports } = found;
  const known = reports.filter((report) => report.aqi !== null);
  const over = known.filter((report) => report.aqi > 100).length;
  row.append(newest(reports.at(-1)), calendar(reports), el("td", over ? "figure strong" : "figure", `${over} / ${known.length}`, { title: t("days above 100, of days with an AQI") }));
  return row;
}
function unmeasured(one) {
  const row = el("tr");
  row.append(el("th", "secondary", shortName(one.names), { scope: "row" }), el("td", "quiet", t("measures no pollutant of the index"), { colspan: 3 }));
  return row;
}
function newest(report) {
  const cell = el("td", "aqi-cell");
  if (report) cell.append(chip(report), el("span", "", classWord(report)));
  else cell.append(el("span", "quiet", "—"));
  return cell;
}
/** The legal colour, and the class word beside it. */
function chip(report) {
  return el("span", `aqi k${report.category ?? 0}`, report.aqi === null ? "NA" : String(report.aqi));
}
const classWord = (report) => (report.class ? named(report.class) : t("not given"));

function step(report) {
  if (report.aqi === null) return "invalid";
  const above = STEPS.findIndex((most) => report.aqi <= most);
  return `step-${above < 0 ? STEPS.length : above}`;
}
/** Neutral steps: legal colours stand in the chip alone. */
function calendar(reports) {
  const cell = el("td", "calendar-cell");
  const over = reports.filter((report) => report.aqi > 100).length;
  const strip = el("span", "calendar", null, { role: "img", "aria-label": t("{n} of {days} days above 100", { n: over, days: reports.length }) });
  for (const report of reports) strip.append(el("i", step(report), null, { title: `${report.day} · ${report.aqi ?? "NA"}` }));
  cell.append(strip);
  return cell;
}
function legend() {
  const node = el("p", "legend secondary");
  const names = ["≤ 100", "≤ 150", "≤ 200", t("higher"), t("not valid")];
  ["step-0", "step-1", "step-2", "step-3", "invalid"].forEach((name, index) => node.append(el("i", `calendar-key ${name}`, null, { "aria-hidden": "true" }), el("span", "", names[index])));
  return node;
}

// ---- the chosen one

function days({ station: one, days: { reports, origin } }) {
  setText($("air-days-note"), `${shortName(one.names)}${origin === "live" ? "" : ` · ${word(origin)}`}`);
  const body = el("tbody");
  for (const report of [...reports].reverse()) {
    const row = el("tr");
    const name = el("td", "aqi-cell");
    name.append(chip(report), el("span", "", classWord(report)));
    row.append(el("th", "", report.day, { scope: "row" }), name, el("td", "primary-cell", listed(report.primary.map(metricName)) || "—"), el("td", "secondary wrap", missing(report)), el("td", "secondary wide", report.standard));
    body.append(row);
  }
  table($("air-days-table"), heads([t("Day"), ""], ["AQI", ""], [t("Primary pollutant"), ""], [t("Not valid"), ""], [t("Standard"), "wide"]), body, t("No whole day yet"));
}
/** Which pollutants are missing, and how much of them there was. */
function missing(report) {
  const parts = report.entries.filter((entry) => entry.iaqi === null)
    .map((entry) => (entry.mark === "/" ? `${metricName(entry.metric)} /` : `${metricName(entry.metric)} ${entry.count} / ${entry.wanted}`));
  return parts.length > 3 ? t("{n} of {all} pollutants known", { n: report.known, all: report.expected }) : listed(parts);
}
const AVERAGES = () => ({ "1h": t("1 h"), "8h": t("greatest 8 h of a day"), daily: t("day") });

const EDITIONS = () => ({ "GB 3095-2026 (transition)": t("GB 3095-2026 (transition)"), "GB 3095-2026 (final)": t("GB 3095-2026 (final)") });

function exceedances({ rows, class: number }) {
  setText($("exceedance-note"), t("class {n}, last 30 days, each day by the edition in force", { n: number }));
  const body = el("tbody");
  for (const one of rows) {
    const row = el("tr");
    const name = el("th", "two-lines", null, { scope: "row" });
    name.append(el("span", "", metricName(one.metric)), el("span", "secondary", AVERAGES()[one.limit.averaging]));
    const of = el("td", "two-lines", null, { title: one.limit.source });
    of.append(el("span", "", `${figure(one.limit.value, 0)} ${one.limit.unit}${one.limit.confirmed ? "" : " ?"}`), el("span", "secondary", EDITIONS()[one.limit.edition] ?? one.limit.edition));
    row.append(name, of, el("td", "figure", `${count(one.valid)} / ${count(one.expected)}`), el("td", one.over ? "figure strong" : "figure zero", one.valid ? count(one.over) : "—"), el("td", "figure", one.rate === null ? "—" : `${figure(100 * one.rate, 1)} %`), greatest(one), el("td", "figure wide", one.multiple === null ? "—" : figure(one.multiple, 2)), percentile(one));
    body.append(row);
  }
  table($("exceedance-table"), heads([t("Pollutant"), ""], [t("Limit"), ""], [t("Valid / expected"), "figure"], [t("Above"), "figure"], [t("Share above"), "figure"], [t("Greatest"), "figure"], [t("Exceedance multiple"), "figure wide"], [t("Percentile"), "figure wide"]), body, t("No whole day yet"));
}
/** Of the valid days of these 30; what the standard asks of a year. */
function percentile(one) {
  const cell = el("td", "figure two-lines wide");
  if (one.percentile !== null) cell.append(el("span", "", figure(one.percentile, metrics[one.metric].digits)), el("span", "secondary", t("P{n}", { n: one.percentile_pct })));
  else cell.append(el("span", "zero", "—"));
  return cell;
}
function greatest(one) {
  const cell = el("td", "figure two-lines");
  const at = one.greatest_at ?? "";
  const when = (at.length > 10 ? full(at) : at).slice(5);
  cell.append(el("span", "", one.greatest === null ? "—" : figure(one.greatest, metrics[one.metric].digits)), el("span", "secondary", when));
  return cell;
}
