// The shift's score beside its targets and the shifts before: a table, the ten minutes as bars, the top ten.

import { $, GRADES, clock, el, gradeWord, named, now, shape, shortName, span, t } from "../common/core.mjs";
import { get } from "../common/read.mjs";

const URL = "/api/v1/alerts/score";
const EARLIER = ["1", "2", "3"];
const EARLIER_EVERY_MS = 600_000; // what is over changes no more
const FLOOD = 10;
const state = { earlier: [], month: null, asked: 0 };

export async function read() {
  const current = await get(`${URL}?shift=current`);
  if (performance.now() - state.asked > EARLIER_EVERY_MS || !state.month) {
    const [month, ...earlier] = await Promise.all([get(URL), ...EARLIER.map((n) => get(`${URL}?shift=${n}`))]);
    Object.assign(state, { month, earlier, asked: performance.now() });
  }
  draw(current);
}
function draw(current) {
  $("duty-shift").replaceChildren(el("b", "", named(current.shift)), ` ${hours(current)} · `,
    t("{span} so far", { span: span((Date.parse(current.until) - Date.parse(current.from)) / 1000) }));
  const left = el("div", "score-left");
  left.append(bars(current), priorities(current), top(current));
  const right = el("div", "score-right");
  right.append(table([current, ...state.earlier], state.month), el("p", "secondary small-print", basis()));
  $("score-body").replaceChildren(right, left);
}
const hours = (score) => `${clock(Date.parse(score.from)).slice(0, 5)}–${clock(Date.parse(score.to)).slice(0, 5)}`;
const basis = () => t("Targets are meant for 30 days and more at one desk: a single shift is a hint. An alert counts when it is raised and each time it steps up; what was found afterwards does not. Yellow counts as medium, orange and red as high. * = not confirmed in the standard's own text.");

// ---- the table

const NAMES = () => ({
  alerts: t("Alerts"), per_10_min: t("per 10 min"), per_hour: t("per hour"), per_day: t("per day, at this rate"),
  crowded_pct: t("10 min with more than 10"), most_in_10_min: t("most in 10 min"), flood_pct: t("time in flood"),
  chattering: t("chattering"), fleeting: t("fleeting"), flapping: t("flapping within an hour"), stale: t("open over 24 h"),
  top_ten_pct: t("share of the top ten"), acknowledge_median_s: t("until taken, median"),
  acknowledge_worst_s: t("until taken, longest"), unacknowledged: t("not taken"),
});
function value(code, number) {
  if (number === null || number === undefined) return "—";
  if (code.endsWith("_pct")) return `${number.toFixed(number && number < 10 ? 1 : 0)} %`;
  if (code.endsWith("_s")) return span(number);
  return Number.isInteger(number) ? number.toLocaleString("en-US") : number.toFixed(number < 0.1 ? 2 : number < 10 ? 1 : 0);
}
function limit(code, number) {
  if (number === null) return "";
  return code === "stale" ? `< ${number + 1}` : number === 0 ? "0" : `≤ ${value(code, number).replace(".0", "")}`;
}
function table(shifts, month) {
  const holder = el("div", "table-holder", null, { tabindex: "0" });
  const node = el("table", "figures score-table");
  const head = el("tr");
  head.append(el("td"), ...shifts.map((one, n) => {
    const cell = el("th", n ? "figure earlier" : "figure", null, { scope: "col" });
    cell.append(el("span", "", named(one.shift)), el("span", "quiet", hours(one)));
    return cell;
  }), el("th", "figure", t("30 days"), { scope: "col" }), el("th", "figure", t("Target"), { scope: "col" }), el("th", "figure", t("Most"), { scope: "col" }));
  const body = el("tbody");
  const names = NAMES();
  const all = [...shifts, month].map((one) => new Map(one.figures.map((figure) => [figure.code, figure])));
  for (const figure of shifts[0].figures) body.append(row(figure, all.map((known) => known.get(figure.code)), names));
  const top = el("thead");
  top.append(head);
  node.append(top, body);
  holder.append(node);
  return holder;
}
function row(figure, found, names) {
  const node = el("tr");
  const name = el("th", "", names[figure.code] ?? figure.code, { scope: "row", title: figure.source });
  node.append(name, ...found.map((one, n) => {
    const cell = el("td", n && n < found.length - 1 ? "figure earlier" : "figure");
    if (one.verdict === "over" || one.verdict === "manageable") cell.append(mark(one.verdict));
    cell.append(el(n ? "span" : "b", one.verdict === "over" ? "over" : "", value(one.code, one.value)));
    return cell;
  }), el("td", "figure secondary", limit(figure.code, found.map((one) => one.target).find(Number.isFinite) ?? null) + (figure.unconfirmed ? " *" : "")),
  el("td", "figure secondary", limit(figure.code, figure.most)));
  return node;
}
function mark(verdict) {
  const over = verdict === "over";
  return el("i", over ? "verdict-mark exceeded" : "verdict-mark undetermined", null, { role: "img", "aria-label": over ? t("over") : t("over target") });
}

// ---- ten minutes by ten minutes

function bars(score) {
  const most = Math.max(FLOOD, ...score.windows.map(({ count }) => count));
  const places = Math.round((Date.parse(score.to) - Date.parse(score.from)) / 600_000);
  const node = el("div", "score-bars", null, { role: "img", "aria-label": t("Alerts in each ten minutes; most: {n}", { n: Math.max(0, ...score.windows.map(({ count }) => count)) }) });
  const line = el("span", "score-line");
  line.style.bottom = `${(100 * FLOOD) / most}%`;
  node.append(line);
  const flooded = (at) => score.floods.some((one) => Date.parse(one.from) < at + 600_000 && (!one.to || Date.parse(one.to) > at));
  for (let n = 0; n < places; n++) {
    const found = score.windows[n];
    const bar = el("i", !found ? "to-come" : flooded(Date.parse(found.t)) ? "flooded" : "");
    if (found) {
      bar.style.height = `${(100 * found.count) / most}%`;
      bar.title = `${clock(Date.parse(found.t)).slice(0, 5)} · ${found.count}`;
    }
    node.append(bar);
  }
  const caption = el("p", "secondary score-caption");
  caption.append(el("span", "", clock(Date.parse(score.from)).slice(0, 5)), el("span", "", floodWords(score)), el("span", "", clock(Date.parse(score.to)).slice(0, 5)));
  const both = el("div");
  both.append(el("h3", "part-title", t("Alerts each 10 min; line: {n}", { n: FLOOD })), node, caption);
  return both;
}
function floodWords(score) {
  if (!score.floods.length) return t("no flood");
  const last = score.floods.at(-1);
  return last.to ? t("{n} floods", { n: score.floods.length }) : t("in flood for {span}", { span: span((now() - Date.parse(last.from)) / 1000) });
}

// ---- what they were

function priorities(score) {
  const node = el("div", "score-grades");
  for (const grade of [...GRADES].reverse()) {
    const cell = el("span", "score-grade");
    cell.append(shape(grade, false), el("span", "secondary", gradeWord(grade)), el("b", "", String(score.grades[grade] ?? 0)));
    node.append(cell);
  }
  const { low, medium, high } = score.priorities;
  const share = (number) => (number === null ? "—" : `${Math.round(number)} %`);
  const mix = el("p", "secondary", t("low / medium / high: {low} / {medium} / {high}; target about 80 / 15 / 5 %", { low: share(low), medium: share(medium), high: share(high) }));
  const both = el("div");
  both.append(el("h3", "part-title", t("Grades")), node, mix);
  return both;
}
function top(score) {
  const both = el("div");
  const list = el("ol", "score-top");
  for (const one of score.top) {
    const item = el("li");
    item.append(el("b", "", String(one.count)), el("span", "", [shortName(one.station_names), named(one.label)].filter(Boolean).join(" · ")), el("span", "quiet", `${Math.round(one.share_pct)} %`));
    list.append(item);
  }
  both.append(el("h3", "part-title", t("Most often")), score.top.length ? list : el("p", "quiet", t("No alert in this shift")));
  return both;
}
