// Several series over time: an axis for each unit, gaps broken, doubts hollow, least to greatest as a band, ends labelled.

import { figure, fromLocal, lang, metricName, metrics, named, shortName, t, toLocal } from "../common/core.mjs";
import { axisFigure, canvas, cut, linear, niceStep, round, s, ticks, widthOf } from "../common/svg.mjs";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY];
const MONTHS = 45 * DAY; // from so much time on, ticks stand at the first of months
export const MOST_AXES = 3;
const WIDE = 640, AXIS = 58, LABELS = 190;

/** Storage is shown in 万 m³ or M m³; everything else as it is. */
function shownIn(metric) {
  if (metric !== "storage_m3") return { factor: 1, unit: metrics[metric]?.unit ?? "" };
  return lang === "zh" ? { factor: 1e-4, unit: "万 m³" } : { factor: 1e-6, unit: "M m³" };
}
const isDirection = (metric) => metrics[metric]?.unit === "°";
const doubtful = (point) => point.quality === "suspect" && !(point.flags ?? []).includes("marked_valid");
const outside = (point) => (point.flags ?? []).includes("marked_invalid");

/** A series made ready: times in ms, values as shown; number: of its colour. */
export function ready(one, number) {
  const { factor, unit } = shownIn(one.metric);
  const raw = one.resolution === "raw";
  const points = one.points.map((p) => ({
    at: Date.parse(p.t), value: p.value === null ? null : p.value * factor, quality: p.quality,
    low: raw || p.min === null ? null : p.min * factor, high: raw || p.max === null ? null : p.max * factor,
    doubtful: p.value !== null && doubtful(p), off: raw && doubtful(p), invalid: outside(p),
  }));
  return { ...one, number, unit, factor, raw, points, direction: isDirection(one.metric) };
}
/** Runs of points that a line may join: neither over a gap nor over what is missing or off the line. */
export function runs(one) {
  const found = [];
  let run = [];
  for (const point of one.points) {
    if (point.off) continue;
    const far = run.length && point.at - run.at(-1).at > one.gap_s * 1000;
    if ((far || point.value === null) && run.length) { found.push(run); run = []; }
    if (point.value !== null) run.push(point);
  }
  if (run.length) found.push(run);
  return found;
}
/** Draw. wanted: series whose limits are shown, by number. Returns {svg, at(ms)} for the reading line. */
export function draw(series, { from, to, width, height, k, wanted, what }) {
  const units = [...new Set(series.map((one) => one.unit))].slice(0, MOST_AXES);
  const wide = width / k >= WIDE;
  const box = { left: (units.length * AXIS - (units.length > 1 ? 4 : 0)) * k, right: width - (wide ? LABELS : wanted.size ? 48 : 26) * k, top: 30 * k, bottom: height - 30 * k };
  const svg = canvas(width, height, k, what);
  const x = linear(from, to, box.left, box.right);
  const axes = new Map(units.map((unit, n) => [unit, axis(series.filter((one) => one.unit === unit), wanted, box, n)]));
  times(svg, from, to, x, box, k);
  for (const [unit, each] of axes) drawAxis(svg, unit, each, box, k);
  const shown = series.filter((one) => axes.has(one.unit));
  for (const one of shown) band(svg, one, x, axes.get(one.unit).y, k);
  for (const one of shown) if (wanted.has(one.number)) limits(svg, one, axes.get(one.unit), box, k);
  for (const one of shown) line(svg, one, x, axes.get(one.unit).y, k);
  margin(svg, shown, x, axes, box, k, wide, wanted);
  return { svg, box, x, y: (one) => axes.get(one.unit)?.y };
}
function axis(series, wanted, box, place) {
  const values = [];
  for (const one of series) {
    for (const p of one.points) if (p.value !== null && !p.invalid) values.push(p.value, p.low ?? p.value, p.high ?? p.value);
    if (wanted.has(one.number)) for (const limit of one.limits) values.push(limit.value * one.factor);
  }
  let low = values.length ? values.reduce((a, b) => Math.min(a, b)) : 0, high = values.length ? values.reduce((a, b) => Math.max(a, b)) : 1;
  if (series.every((one) => one.direction)) [low, high] = [0, 360];
  else if (low >= 0 && low < 0.4 * high) low = 0;
  if (low === high) [low, high] = [low - (Math.abs(low) * 0.05 || 1), high + (Math.abs(high) * 0.05 || 1)];
  const step = series[0].direction ? 90 : niceStep((high - low) / 5);
  if (!series[0].direction) [low, high] = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
  return { low, high, step, place, colour: series.length === 1 ? series[0].number : null, y: linear(low, high, box.bottom, box.top) };
}
function drawAxis(svg, unit, { low, high, step, place, colour, y }, box, k) {
  const at = box.left - place * AXIS * k;
  const kind = colour ? `ana-fill-${colour}` : "ana-secondary";
  for (const value of ticks(low, high, Math.round((high - low) / step))) {
    if (place === 0) svg.append(s("line", { class: "ana-grid-line", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
    svg.append(s("text", { class: `${kind} ana-end`, x: at - 8 * k, y: y(value) + 4 * k }, axisFigure(value, step)));
  }
  if (place > 0) svg.append(s("line", { class: colour ? `ana-thin ana-line-${colour}` : "ana-axis", "stroke-width": k, x1: at, x2: at, y1: box.top, y2: box.bottom }));
  svg.append(s("text", { class: `${kind} ana-end`, x: at - 8 * k, y: box.top - 14 * k }, unit || "–"));
}
/** Ticks of the district's time, no closer than their words are wide. */
function times(svg, from, to, x, box, k) {
  const room = (to - from) * ((62 * k) / (box.right - box.left));
  for (const { at, word } of room > 4 * DAY || to - from > 6 * MONTHS ? months(from, to, room) : hours(from, to, room)) {
    svg.append(s("line", { class: "ana-tick", x1: x(at), x2: x(at), y1: box.bottom, y2: box.bottom + 4 * k }));
    svg.append(s("text", { class: "ana-secondary ana-middle", x: x(at), y: box.bottom + 18 * k }, word));
  }
  svg.append(s("line", { class: "ana-axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
}
function hours(from, to, room) {
  const step = STEPS.find((each) => each >= room) ?? 7 * DAY;
  const found = [];
  for (let at = fromLocal(`${toLocal(from).slice(0, 10)}T00:00:00`); at <= to; at += step) {
    const local = toLocal(at);
    if (at >= from) found.push({ at, word: local.slice(11, 16) === "00:00" ? local.slice(5, 10) : local.slice(11, 16) });
  }
  return found;
}
function months(from, to, room) {
  const found = [];
  let [year, month] = toLocal(from).split("-").map(Number);
  const by = Math.max(1, Math.ceil(room / (30 * DAY)));
  for (;;) {
    const at = fromLocal(`${year}-${String(month).padStart(2, "0")}-01T00:00:00`);
    if (at > to) return found;
    if (at >= from) found.push({ at, word: `${year}-${String(month).padStart(2, "0")}` });
    month += by;
    if (month > 12) { month -= 12; year += 1; }
  }
}
function band(svg, one, x, y, k) {
  if (one.raw || one.direction) return;
  for (const run of runs(one)) {
    const known = run.filter((p) => p.low !== null && p.high !== null);
    if (known.length < 2) continue;
    const up = known.map((p) => `${round(x(p.at))},${round(y(p.high))}`), down = known.map((p) => `${round(x(p.at))},${round(y(p.low))}`).reverse();
    svg.append(s("polygon", { class: `ana-band ana-fill-${one.number}`, points: [...up, ...down].join(" "), "data-band": one.number, "stroke-width": 0.1 * k }));
  }
}
function line(svg, one, x, y, k) {
  const dots = (points, kind, r) => { for (const p of points) svg.append(s("circle", { class: kind, cx: x(p.at), cy: y(p.value), r: r * k, "stroke-width": 1.4 * k })); };
  const found = runs(one);
  if (one.direction) dots(found.flat(), `ana-dot ana-fill-${one.number}`, 1.6);
  else {
    const path = found.filter((run) => run.length > 1).map((run) => `M${run.map((p) => `${round(x(p.at))},${round(y(p.value))}`).join("L")}`).join("");
    if (path) svg.append(s("path", { class: `ana-line ana-line-${one.number}`, d: path, "stroke-width": (one.number === 1 ? 2.2 : 2) * k, "data-runs": found.length, ...dash(one.number, k) }));
    dots(found.filter((run) => run.length === 1).flat(), `ana-dot ana-fill-${one.number}`, 2.2);
  }
  dots(apart(one.points.filter((p) => p.doubtful), x, 9 * k).filter((p) => y(p.value) >= 0), `ana-hollow ana-line-${one.number}`, 3.4);
}
/** Of a row of hollow circles those that stand apart. */
function apart(points, x, least) {
  const kept = [];
  for (const p of points) if (!kept.length || x(p.at) - x(kept.at(-1).at) >= least) kept.push(p);
  return kept;
}
const DASHES = { 2: [7, 4], 3: [2, 3], 4: [10, 3, 2, 3], 5: [4, 2], 6: [1, 3] };
const dash = (number, k) => (DASHES[number] ? { "stroke-dasharray": DASHES[number].map((n) => round(n * k)).join(" ") } : {});
const limitDash = (n, k) => `${(9 - 2 * (n % 3)) * k} ${3 * k}`;
function limits(svg, one, { y }, box, k) {
  one.limits.forEach((limit, n) => {
    const at = y(limit.value * one.factor);
    svg.append(s("line", { class: `ana-limit ana-line-${one.number}`, x1: box.left, x2: box.right, y1: at, y2: at, "stroke-width": 1.4 * k, "stroke-dasharray": limitDash(n, k) }));
  });
}
/** What stands right of the plot, each at its own height, apart where two would meet: ends of lines, and limits. */
function margin(svg, series, x, axes, box, k, wide, wanted) {
  const start = box.right + (wide ? 20 : 8) * k;
  const ends = series.flatMap((one) => {
    const last = one.points.findLast((p) => p.value !== null && !p.invalid);
    return last ? [{ one, last, y: axes.get(one.unit).y(last.value), tall: (wide ? 34 : 18) * k }] : [];
  });
  const marks = series.filter((one) => wanted.has(one.number)).flatMap((one) => one.limits.map((limit, n) => ({ one, limit, n, y: axes.get(one.unit).y(limit.value * one.factor), tall: 17 * k })));
  const places = apartIn([...ends, ...marks], box.top - 8 * k, box.bottom + 8 * k);
  for (const place of places) (place.limit ? limitLabel : end)(svg, place, { x, start, box, k, wide });
}
/** With `at`, the middle of each, between two heights. Where there is no room the last of the limits go without: the table has them. */
function apartIn(places, top, bottom) {
  let room = places.reduce((left, { tall, limit }) => (limit ? left : left - tall), bottom - top);
  const kept = places.filter(({ tall, limit }) => !limit || (room -= tall) >= 0).sort((a, b) => a.y - b.y);
  let edge = top;
  for (const place of kept) { place.at = Math.max(place.y, edge + place.tall / 2); edge = place.at + place.tall / 2; }
  edge = bottom;
  for (const place of kept.toReversed()) { place.at = Math.min(place.at, edge - place.tall / 2); edge = place.at - place.tall / 2; }
  return kept;
}
function leader(svg, { one, y, at }, { start, box, k }, from, more = {}) {
  svg.append(s("path", { class: `ana-thin ana-line-${one.number}`, "stroke-width": k, d: `M${round(from)},${round(y)}L${round(box.right + 6 * k)},${round(y)}L${round(start - 3 * k)},${round(at)}`, ...more }));
}
function limitLabel(svg, place, where) {
  const { one, limit, n, at } = place, { start, box, k, wide } = where;
  leader(svg, place, where, box.right, { "stroke-dasharray": limitDash(n, k) });
  const value = figure(limit.value * one.factor, digitsOf(one));
  const mean = limit.mean_over_s ? ` (${limit.mean_over_s % 3600 ? `${limit.mean_over_s / 60} min` : `${limit.mean_over_s / 3600} h`})` : "";
  const name = wide ? `${cut(`${one.number} · ${named(limit.label)}`, LABELS - 28 - widthOf(` ${value}${mean}`))} ${value}${mean}` : value;
  svg.append(s("text", { class: `ana-fill-${one.number}`, x: start, y: at + 4 * k, "data-limit": one.number }, name));
}
/** Number, station and newest value of a line. */
function end(svg, place, where) {
  const { one, last, y, at } = place, { x, start, k, wide } = where, kind = `ana-fill-${one.number}`;
  leader(svg, place, where, x(last.at) + 3 * k);
  svg.append(s("circle", { class: `ana-dot ${kind}`, cx: x(last.at), cy: y, r: 3 * k }));
  if (!wide) { svg.append(s("text", { class: `${kind} ana-bold`, x: start, y: at + 4 * k }, String(one.number))); return; }
  svg.append(s("text", { class: kind, x: start, y: at - 3 * k }, cut(`${one.number} ${shortName(one.names)}`, LABELS - 28)));
  svg.append(s("text", { class: kind, x: start, y: at + 12 * k }, cut(`${metricName(one.metric)} ${last.doubtful ? "~" : ""}${figure(last.value, digitsOf(one))} ${one.unit}`, LABELS - 28)));
}
const digitsOf = (one) => metrics[one.metric]?.digits ?? 2;
const WORDS = () => ({ raw: t("every reading"), "1m": t("1 min means"), "5m": t("5 min means"), "1h": t("1 h means"), "1d": t("daily means") });
export const resolutionWord = (name) => WORDS()[name] ?? t("means of {n} days", { n: parseInt(name, 10) });
