// The drawer's chart: asked for when a person chooses, then lengthened as readings come.

import { $, fromLocal, lang, now, pastQuery, remScale, replaying, setData, setText, t, toLocal, word } from "../common/core.mjs";
import { chosen, emit, on, stations } from "../common/state.mjs";

const LOOK_MS = 60, SLOW_MS = 2000, AGAIN_MS = 15e3, PAST_MS = 4000;
let asked = null;
let askedAt = 0; // the moment that was shown then
let sentAt = 0; // by this machine's clock
let waitingSince = 0, looking = null;
let lastAt = null;

/** Axis times are the district's: plotly knows no time zones. */
const local = (ms) => toLocal(ms).replace("T", " ");
export const graph = () => $("chart")?.querySelector(".js-plotly-plot");

export function start() {
  for (const event of ["change", "all"]) on(event, lengthen);
  for (const event of ["theme", "sought"]) on(event, () => again());
  on("tick", () => {
    const patience = waitingSince ? AGAIN_MS : 60e3; // an answer that was lost is asked for again
    const rested = !replaying() || performance.now() - sentAt > PAST_MS; // in a replay minutes pass in a second
    if (rested && Math.abs(now() - askedAt) > patience && document.body.dataset.link === "up" && !$("drawer").hidden) again();
  });
  addEventListener("resize", () => { if (asked && asked.scale !== remScale()) again(); });
}
export function ask(station, metric) {
  if (!metric) return;
  reveal();
  const request = { station: station.code, metric, lang, theme: document.documentElement.dataset.shown, scale: remScale() };
  if (JSON.stringify(request) === JSON.stringify(asked)) return;
  asked = request;
  askedAt = now();
  sentAt = performance.now();
  lastAt = station.latest[metric]?.t ?? null;
  dash_clientside.set_props("chart-request", { data: { ...request, at: sentAt, ...past() } });
}
/** Of a replay: the moment, and whether by what was known then. */
function past() {
  const { at, known } = pastQuery() ?? {};
  return at ? { past: at, known } : {};
}
/** Whether what is drawn is the chosen series: never an old station's line under a new name. */
function fits() {
  const of = graph()?.layout?.meta;
  return Boolean(of) && of.station === chosen.station && of.metric === chosen.metric;
}
/** Hidden until it fits; a chart that keeps us waiting says so. */
function reveal() {
  clearTimeout(looking);
  const chart = document.querySelector(".chart"), ready = fits();
  const news = ready && chart.dataset.of === undefined;
  if (ready) waitingSince = 0;
  else waitingSince ||= performance.now();
  setData(chart, "of", ready ? `${chosen.station}|${chosen.metric}` : null);
  const slow = !ready && performance.now() - waitingSince > SLOW_MS;
  setText($("chart-wait"), !slow ? "" : document.body.dataset.link === "up" ? t("The chart is on its way") : t("No chart: no connection"));
  if (!ready && !$("drawer").hidden) looking = setTimeout(reveal, LOOK_MS);
  if (news) emit("drawn");
}
/** Every minute anew: gaps, doubts and what came late are the server's to say. */
export function again() {
  const station = stations.get(chosen.station);
  asked = null;
  if (station) ask(station, chosen.metric);
}
/** Add the newest reading to its trace; a gap stays a gap, a suspect value stays off the line. */
function lengthen() {
  const station = stations.get(chosen.station), gd = graph();
  const latest = station?.latest[chosen.metric];
  if (!latest?.t || latest.t === lastAt || !gd?.data || !fits()) return;
  const gap = lastAt && (Date.parse(latest.t) - Date.parse(lastAt)) / 1000 > 5 * (latest.interval_s ?? station.interval_s);
  if (lastAt && Date.parse(latest.t) < Date.parse(lastAt)) return; // late data belong inside: next request has them
  lastAt = latest.t;
  const at = local(Date.parse(latest.t));
  const flags = latest.flags ?? [];
  const doubtful = latest.quality === "suspect" && !flags.includes("marked_valid");
  const name = !doubtful ? "measured" : flags.includes("marked_invalid") ? "invalid" : "suspect";
  const index = gd.data.findIndex((trace) => trace.meta === name);
  if (index < 0) return again();
  const missing = latest.value === null || latest.quality === "missing";
  const xs = gap ? [at, at] : [at], ys = gap ? [null, latest.value] : [missing ? null : latest.value];
  const said = doubtful ? { text: [xs.map(() => `${latest.value} · ${flags.map(word).join(" · ")}`)] } : {};
  Plotly.extendTraces(gd, { x: [xs], y: [ys], ...said }, [index], 20000);
  const end = gd.data.findIndex((trace) => trace.meta === "newest");
  if (end >= 0 && !missing && name === "measured") Plotly.restyle(gd, { x: [[at]], y: [[latest.value]] }, [end]);
}
/** What is seen, while something is drawn: {from, to} in ms, and the plot's box in px. */
export function seen() {
  const axes = fits() ? graph()._fullLayout : null;
  if (!axes?.xaxis?.range || !axes._size) return null;
  const [from, to] = axes.xaxis.range.map(fromLocal);
  return { from, to, box: axes._size };
}
/** The reading nearest to a moment, in ms, or null: of all that is drawn. */
export function nearest(at) {
  let found = null;
  for (const trace of fits() ? graph().data : []) {
    if (!["measured", "suspect", "invalid", "beyond"].includes(trace.meta)) continue;
    for (let i = 0; i < trace.x.length; i++) {
      if (trace.y[i] === null) continue;
      const ms = fromLocal(trace.x[i]);
      if (found === null || Math.abs(ms - at) < Math.abs(found - at)) found = ms;
    }
  }
  return found;
}
