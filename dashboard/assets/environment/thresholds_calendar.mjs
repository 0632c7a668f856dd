// The exceedance calendar: 52 weeks of days in neutral steps. A table, for whoever hears it.

import { $, el, lang, metrics, named, setText, t, valueText } from "../common/core.mjs";

const STEPS = ["step-0", "step-1", "step-2", "step-3", "invalid"];
const known = { cells: [], at: null };
const weekday = (n) => new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { weekday: lang === "zh" ? "narrow" : "short", timeZone: "UTC" }).format(Date.UTC(2026, 0, 5 + n)); // a Monday
const month = (day) => new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { month: "short", timeZone: "UTC" }).format(Date.parse(day));

/** found: the answer of /api/v1/thresholds/{station}/{metric}. */
export function draw({ row, calendar }) {
  setText($("threshold-calendar-of"), about(row, calendar));
  legend(row);
  const { days } = calendar;
  const table = el("table", "th-cal"), body = el("tbody");
  table.append(el("caption", "spoken", t("Exceedance calendar")), months(days));
  known.cells = days.map((day, n) => cell(day, row, n));
  for (let n = 0; n < 7; n++) {
    const line = el("tr");
    line.append(el("th", "", weekday(n), { scope: "row" }));
    for (let at = n; at < Math.ceil(days.length / 7) * 7; at += 7) line.append(known.cells[at] ?? el("td", "to-come"));
    body.append(line);
  }
  table.append(body);
  const before = known.at !== null && document.activeElement?.closest(".th-cal");
  known.at = Math.min(known.at ?? days.length - 1, days.length - 1);
  const holder = $("threshold-calendar"), of = `${row.station}|${row.metric}`;
  holder.replaceChildren(table);
  if (holder.dataset.of !== of) holder.scrollLeft = holder.scrollWidth; // where it is wider than the screen, its newest weeks
  holder.dataset.of = of;
  table.addEventListener("keydown", keys);
  for (const name of ["mouseover", "focusin"]) table.addEventListener(name, (event) => say(event.target.closest("[data-n]"), days, row));
  rove(before);
}
function about(row, { basis, limit, valid, exceeded }) {
  const figures = { air_daily: t("daily means"), air_8h: t("greatest 8 h mean of each day"), daily_mean: t("daily means"), hourly_mean: t("greatest hourly mean of each day"), reading: limit?.side === "lower" ? t("least usable reading of each day") : t("greatest usable reading of each day") };
  if (!limit) return t("{what}; no limit is in force to judge them by", { what: figures[basis] });
  const of = t("{what} against {limit} {value}", { what: figures[basis], limit: named(limit.label), value: valueText(limit.value, row.metric) });
  return `${of} · ${t("52 weeks: {n} of {valid} days beyond", { n: exceeded, valid })}`;
}
function legend(row) {
  const names = [t("within"), "≤ 1.25 ×", "≤ 1.5 ×", t("higher"), t("not valid")];
  const node = $("threshold-legend");
  node.replaceChildren(...STEPS.flatMap((step, n) => [el("i", step, null, { "aria-hidden": "true" }), el("span", "", names[n])]));
  node.title = row.by_ratio ? t("times the limit") : t("times the way from the base to the limit");
}
function months(days) {
  const head = el("thead"), line = el("tr");
  line.append(el("td"));
  const names = [];
  for (let at = 0; at < days.length; at += 7) {
    const name = days[Math.min(at + 6, days.length - 1)].day.slice(0, 7);
    if (names.at(-1)?.name === name) names.at(-1).weeks++;
    else names.push({ name, weeks: 1 });
  }
  for (const { name, weeks } of names) line.append(weeks > 1 ? el("th", "", month(`${name}-01`), { scope: "colgroup", colspan: weeks }) : el("td"));
  head.append(line);
  return head;
}
function cell(day, row, n) {
  const kind = day.reason === "before" ? "before" : day.step === null ? "invalid" : `step-${day.step}`;
  const node = el("td", `th-date ${kind}${day.running ? " today" : ""}`, null, { "data-n": n, tabindex: -1 });
  node.append(el("span", "spoken", words(day, row)));
  return node;
}
const REASONS = () => ({ too_little: t("too little valid data"), no_data: t("no data"), before: t("no data until then"), no_limit: t("no limit was in force") });
function words(day, row) {
  const value = day.value === null ? "" : valueText(Number(day.value.toFixed(metrics[row.metric].digits + 1)), row.metric);
  const parts = [day.day + (day.running ? ` ${t("(runs)")}` : ""), value];
  if (day.step === null) parts.push(REASONS()[day.reason] ?? t("not valid"));
  else if (day.step === 0) parts.push(t("within {limit}", { limit: valueText(day.limit, row.metric) }));
  else parts.push(row.by_ratio ? t("{n} times the limit {limit}", { n: day.times.toFixed(2), limit: valueText(day.limit, row.metric) }) : t("beyond {limit}", { limit: valueText(day.limit, row.metric) }));
  return parts.filter(Boolean).join(" · ");
}
function say(node, days, row) {
  if (!node) return;
  setText($("threshold-day"), words(days[Number(node.dataset.n)], row));
}
/** One cell at a time can be reached by Tab; arrows go on from it. */
function rove(focus) {
  known.cells.forEach((node, n) => node.setAttribute("tabindex", n === known.at ? "0" : "-1"));
  if (focus) known.cells[known.at].focus();
}
function keys(event) {
  const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }[event.key];
  if (!step) return;
  event.preventDefault();
  known.at = Math.max(0, Math.min(known.cells.length - 1, known.at + step));
  rove(true);
}
