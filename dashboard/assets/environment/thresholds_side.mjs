// The chosen series: its trend, a year of days, the quality of a day, and the ledger of today.

import { $, clock, el, figure, fromLocal, icon, lang, listed, metricName, moment, named, now, period, remScale, setClass, setData, setText, shortName, t, toLocal, valueText, word } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import { get } from "../common/read.mjs";
import { count } from "../data/books.mjs";

import * as calendar from "./thresholds_calendar.mjs";

const CHART_MS = 60_000, SIDE_MS = 60_000, LEDGER_MS = 30_000, WAIT_MS = 2000, LOOK_MS = 80;
const GAP_CLASS = { no: "th-gap", yes: "th-gap wrong" };
const side = { row: null, hours: 72, asked: null, sentAt: 0, readAt: 0, question: 0, looking: null, ledgerAt: -Infinity };
export const shown = { series: null };

export function start({ close }) {
  for (const button of document.querySelectorAll("#threshold-side [data-hours]")) button.addEventListener("click", () => hours(Number(button.dataset.hours)));
  const back = () => {
    const { row } = side;
    close();
    document.querySelector(`#threshold-table tr[data-key="${CSS.escape(row?.key ?? "")}"] button`)?.focus();
  };
  $("threshold-close").addEventListener("click", back);
  $("threshold-side").addEventListener("keydown", (event) => event.key === "Escape" && innerWidth < 1024 && back());
  on("tick", tick);
  on("theme", () => chart(true));
  addEventListener("resize", () => side.asked && side.asked.scale !== remScale() && chart(true));
}
function hours(n) {
  side.hours = n;
  for (const button of document.querySelectorAll("#threshold-side [data-hours]")) button.setAttribute("aria-pressed", String(Number(button.dataset.hours) === n));
  chart(true);
}
/** Another row, or none: the table beside it stays as it is. */
export function show(row, byPerson = false) {
  const other = row?.key !== side.row?.key;
  side.row = row;
  $("threshold-none").hidden = Boolean(row);
  $("threshold-side-body").hidden = !row;
  setData($("view-thresholds"), "chosen", row ? "yes" : null);
  if (!row) return;
  live(row);
  if (!other) return;
  shown.series = null;
  for (const id of ["threshold-calendar", "threshold-quality"]) $(id).replaceChildren(el("p", "quiet none", t("being read")));
  setText($("threshold-calendar-of"), "");
  setText($("threshold-day"), "");
  chart(true);
  read();
  $("threshold-side").scrollTop = 0;
  if (byPerson && innerWidth < 1024) $("threshold-close").focus({ preventScroll: true }); // it covers the table
}
const ASKED = () => ({ rate: t("the rate of change"), deviation: t("the deviation from what is usual"), all: t("several conditions at once"), any: t("one of several conditions"), at_least: t("several sensors at once") });
/** What moves with each reading. */
export function live(row) {
  setText($("threshold-title"), `${shortName(row.names)} ${metricName(row.metric)}`);
  const bound = row.limit;
  const parts = [bound?.mean_over_s ? t("{period} mean", { period: period(bound.mean_over_s) }) : t("each reading")];
  if (bound) parts.push(`${named(bound.label)} ${bound.side === "upper" ? "≤" : "≥"} ${valueText(bound.value, row.metric)}`);
  if (bound) parts.push(bound.rule ? t("rule {code} v{version}", { code: bound.rule, version: bound.version }) : t("a mark, no rule judges by it"));
  else parts.push(row.bounds.length ? t("not compared") : "");
  setText($("threshold-of"), parts.filter(Boolean).join(" · "));
  const rest = row.not_compared.map((one) => t("Rule {code} v{version} asks for {what}: not in this comparison", { code: one.rule, version: one.version, what: ASKED()[one.when] ?? one.when }));
  if (row.out_of_service) rest.unshift(t("Out of service: not compared"));
  setText($("threshold-words"), rest.join(" · "));
}
function tick() {
  if ($("view-thresholds").hidden) return;
  if (performance.now() - side.ledgerAt > LEDGER_MS) ledger();
  if (!side.row || document.body.dataset.link !== "up") return;
  if (performance.now() - side.sentAt > CHART_MS) chart(true);
  if (performance.now() - side.readAt > SIDE_MS) read();
}
async function read() {
  const question = ++side.question, { row } = side;
  side.readAt = performance.now();
  try {
    const found = await get(`/api/v1/thresholds/${encodeURIComponent(row.station)}/${encodeURIComponent(row.metric)}`);
    if (question !== side.question) return;
    shown.series = found;
    calendar.draw(found);
    quality(found.quality, row.metric);
  } catch (error) {
    if (question !== side.question) return;
    const said = t("could not be read: {why}", { why: error.message });
    if (!shown.series) for (const id of ["threshold-calendar", "threshold-quality"]) $(id).replaceChildren(el("p", "quiet none", said));
    else setText($("threshold-calendar-of"), said);
  }
}

// ---- the chart

const graph = () => $("threshold-chart")?.querySelector(".js-plotly-plot");
function chart(anew) {
  const { row } = side;
  if (!row) return;
  const request = { station: row.station, metric: row.metric, hours: side.hours, lang, theme: document.documentElement.dataset.shown, scale: remScale() };
  if (!anew && JSON.stringify(request) === JSON.stringify(side.asked)) return;
  side.asked = request;
  side.sentAt = performance.now();
  dash_clientside.set_props("threshold-request", { data: { ...request, at: side.sentAt } });
  reveal();
}
/** Hidden until it is the chosen one's: never an old line under a new name. */
function reveal() {
  clearTimeout(side.looking);
  const of = graph()?.layout?.meta, wanted = side.asked;
  const fits = Boolean(of) && of.station === wanted.station && of.metric === wanted.metric && of.hours === wanted.hours;
  setData($("threshold-plot"), "of", fits ? `${of.station}|${of.metric}|${of.hours}` : null);
  const slow = !fits && performance.now() - side.sentAt > WAIT_MS;
  setText($("threshold-wait"), !slow ? "" : document.body.dataset.link === "up" ? t("The chart is on its way") : t("No chart: no connection"));
  if (!fits) side.looking = setTimeout(reveal, LOOK_MS);
}

// ---- quality, ledger

const CELLS = () => ({ full: word("good"), part: t("partly there"), none: word("missing"), suspect: t("doubtful"), before: t("not set up yet") });
function quality({ hours: starts, rows }) {
  const table = el("table", "th-quality"), body = el("tbody");
  table.append(el("caption", "spoken", t("Data quality of the last 24 h")), head());
  for (const one of rows) {
    const row = el("tr");
    const name = el("th", "", null, { scope: "row" });
    name.append(icon(`i-${one.kind}`, "icon kind"), el("span", "", shortName(one.names)));
    const cells = el("td", "th-cells");
    const strip = el("span", "th-hours", null, { role: "img", "aria-label": spoken(one) });
    one.cells.forEach((cell, n) => strip.append(el("i", `q-${cell}`, null, { title: `${clock(Date.parse(starts[n])).slice(0, 5)} ${CELLS()[cell]}` })));
    cells.append(strip);
    row.append(name, cells, el("td", "figure", one.share === null || !one.usable ? "—" : `${figure(Math.floor(100 * one.share), 0)} %`), el("td", "secondary th-why", reasons(one)));
    body.append(row);
  }
  table.append(body);
  $("threshold-quality").replaceChildren(table);
}
function head() {
  const row = el("tr"), node = el("thead", "spoken");
  for (const name of [t("Station"), t("24 h, oldest left"), t("Share"), t("Reason")]) row.append(el("th", "", name, { scope: "col" }));
  node.append(row);
  return node;
}
const spoken = (one) => t("{full} of {n} hours complete", { full: one.cells.filter((cell) => cell === "full").length, n: one.cells.filter((cell) => cell !== "before").length });
function reasons({ reasons: some, usable }) {
  if (!usable) return t("nothing usable in 24 h");
  const said = some.slice(0, 2).map((one) => {
    if (one.code === "missing_hours") return t("missing {n} h", { n: one.count }) + between(one);
    if (one.code === "late") return t("{n} found afterwards", { n: count(one.count) });
    return `${word(one.code)} ${count(one.count)}${between(one)}`;
  });
  return listed(said);
}
const between = ({ from, to }) => t(" ({from}–{to})", { from: moment(from), to: moment(to).slice(-5) });

async function ledger() {
  side.ledgerAt = performance.now();
  const midnight = new Date(fromLocal(`${toLocal(now()).slice(0, 10)}T00:00:00`));
  try {
    const { totals } = await get(`/api/v1/ledger?from=${midnight.toISOString()}&to=${new Date(now() + 1000).toISOString()}`);
    const lines = [[t("received"), totals.received], [t("stored"), totals.stored], [t("duplicate"), totals.duplicate], [t("revised"), totals.revised], [t("quarantined"), totals.quarantined]];
    const nodes = lines.flatMap(([name, n]) => [el("dt", "", name), el("dd", "", count(n))]);
    const sum = [el("dt", "th-sum", t("gap")), el("dd", "th-sum", count(totals.gap))];
    const foot = [el("dt", "secondary", t("today from 00:00")), el("dd", "secondary", totals.gap ? t("does not balance") : t("balances"))];
    $("threshold-ledger").replaceChildren(...nodes, ...sum, ...foot);
    setClass($("threshold-ledger"), GAP_CLASS[totals.gap ? "yes" : "no"]);
  } catch (error) {
    if (!$("threshold-ledger").children.length) $("threshold-ledger").replaceChildren(el("dt", "quiet", t("could not be read: {why}", { why: error.message })));
  }
}
