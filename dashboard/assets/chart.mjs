// The drawer's chart: asked for when a person chooses, then lengthened as readings come.

import { $, clock, lang, now, remScale, t, zone } from "./core.mjs";
import { chosen, on, stations } from "./state.mjs";

const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
let asked = null;
let askedAt = 0;
let lastAt = null;

/** Axis times are the district's: plotly knows no time zones. */
const local = (ms) => `${day.format(ms)} ${clock(ms)}`;
const graph = () => $("chart")?.querySelector(".js-plotly-plot");

export function start() {
  for (const event of ["change", "all"]) on(event, lengthen);
  on("theme", () => again());
  on("tick", () => { if (now() - askedAt > 60e3 && document.body.dataset.link === "up" && !$("drawer").hidden) again(); });
  addEventListener("resize", () => { if (asked && asked.scale !== remScale()) again(); });
}
export function ask(station, metric) {
  if (!metric) return;
  const request = { station: station.code, metric, lang, theme: document.documentElement.dataset.shown, scale: remScale() };
  if (JSON.stringify(request) === JSON.stringify(asked)) return;
  asked = request;
  askedAt = now();
  lastAt = station.latest[metric]?.t ?? null;
  dash_clientside.set_props("chart-request", { data: { ...request, at: askedAt } });
}
/** Every minute anew: gaps, doubts and what came late are the server's to say. */
function again() {
  const station = stations.get(chosen.station);
  asked = null;
  if (station) ask(station, chosen.metric);
}
/** Add the newest reading to its trace; a gap stays a gap, a suspect value stays off the line. */
function lengthen() {
  const station = stations.get(chosen.station), gd = graph();
  const latest = station?.latest[chosen.metric];
  if (!latest?.t || latest.t === lastAt || !gd?.data || asked?.station !== station.code) return;
  const gap = lastAt && (Date.parse(latest.t) - Date.parse(lastAt)) / 1000 > 5 * (latest.interval_s ?? station.interval_s);
  if (lastAt && Date.parse(latest.t) < Date.parse(lastAt)) return; // late data belong inside: next request has them
  lastAt = latest.t;
  const at = local(Date.parse(latest.t));
  const name = latest.quality === "suspect" ? "suspect" : "measured";
  const index = gd.data.findIndex((trace) => trace.meta === name);
  if (index < 0) return again();
  const missing = latest.value === null || latest.quality === "missing";
  const xs = gap ? [at, at] : [at], ys = gap ? [null, latest.value] : [missing ? null : latest.value];
  Plotly.extendTraces(gd, { x: [xs], y: [ys] }, [index], 20000);
  const end = gd.data.findIndex((trace) => trace.meta === "newest");
  if (end >= 0 && !missing && name === "measured") Plotly.restyle(gd, { x: [[at]], y: [[latest.value]] }, [end]);
}
