// Stations: what should have come and came, hour by hour, and how late it was.

import { $, el, figure, icon, moment, setText, shortName, span, t, word } from "../common/core.mjs";
import { count, table } from "./books.mjs";

/** What is shown stays, and says that it is old. */
export function failed(why) {
  setText($("stations-note"), t("could not be read: {why}", { why }));
}
export function draw({ stations, generated_at }) {
  const share = (one) => (one.day.share === null ? 2 : one.day.share);
  const worstFirst = [...stations].sort((a, b) => share(a) - share(b) || a.code.localeCompare(b.code));
  const low = stations.filter((one) => one.day.share !== null && one.day.share < 0.9).length;
  setText($("stations-note"), t("usable of expected, whole hours; {n} of {all} below 90 %", { n: low, all: stations.length }) + t(" · {at}", { at: moment(generated_at) }));
  const body = el("tbody");
  for (const one of worstFirst) body.append(station(one));
  table($("stations-table"), titles(), body);
}
function titles() {
  const row = el("tr");
  row.append(
    el("th", "", t("Station"), { scope: "col" }), el("th", "strip-head", t("24 h, oldest left"), { scope: "col" }),
    el("th", "figure", t("24 h"), { scope: "col" }), el("th", "figure", t("7 days"), { scope: "col" }),
    el("th", "figure wide", t("median"), { scope: "col", title: t("Arrival less device time, median of 24 h") }),
    el("th", "figure", t("p95 delay"), { scope: "col", title: t("Arrival less device time, 95 of 100 are faster") }), el("th", "figure", t("came late"), { scope: "col", title: t("Readings later than five intervals, and than five minutes") }),
  );
  const head = el("thead");
  head.append(row);
  return head;
}
function station(one) {
  const row = el("tr", "", null, { "data-code": one.code });
  const name = el("th", "station-name", null, { scope: "row" });
  name.append(icon(`i-${one.kind}`, "icon kind"), el("span", "", shortName(one.names), { title: `${one.code} · ${word(one.kind)}` }));
  row.append(name, strip(one), percent(one.day, one.interval_set, "day"), percent(one.week, one.interval_set, "week"));
  const late = one.lateness;
  if (!late) {
    row.append(el("td", "figure quiet wide", "—"), el("td", "figure quiet", "—"), el("td", "figure quiet", "—"));
    return row;
  }
  row.append(el("td", "figure wide", seconds(late.median_s)), el("td", "figure", seconds(late.p95_s)),
    el("td", late.late ? "figure strong" : "figure zero", count(late.late), { title: t("of {n} readings", { n: count(late.readings) }) }));
  return row;
}
/** One cell an hour: full, part, none; what cannot be judged by the hour is a line. */
function strip(one) {
  const cell = el("td", "strip-cell");
  const known = one.strip.filter((share) => share !== null);
  const full = known.filter((share) => share >= 0.95).length;
  const node = el("span", "full-hours", null, { role: "img", "aria-label": known.length ? t("{full} of {n} hours complete", { full, n: known.length }) : t("not judged by the hour") });
  for (const share of one.strip) {
    const part = el("i", share === null ? "unjudged" : share >= 0.95 ? "full" : share > 0 ? "some" : "empty");
    if (share !== null && share > 0 && share < 0.95) part.style.setProperty("--share", `${Math.round(100 * share)}%`);
    node.append(part);
  }
  cell.append(node);
  return cell;
}
/** Cut, not rounded: 100 % is said only where nothing is missing. */
function percent({ expected, usable, share }, interval_set, name) {
  if (!interval_set) return el("td", "figure quiet", name === "day" ? t("no interval set") : "—");
  if (share === null) return el("td", "figure quiet", "—", { title: t("nothing expected yet") });
  const shown = Math.floor(share * 1000) / 10;
  const text = shown >= 99.95 ? "100 %" : `${shown >= 99 ? shown.toFixed(1) : Math.floor(shown)} %`;
  return el("td", share < 0.9 ? "figure strong" : "figure", text, { title: t("{n} of {expected}", { n: count(usable), expected: count(expected) }) });
}
function seconds(s) {
  return s < 10 ? t("{s} s", { s: figure(s, 1) }) : span(s);
}
