// Distributions by hand: a histogram with its quantiles, the course of the day, week by hour, paired hours.

import { figure, metricName, named, shortName, t } from "../common/core.mjs";
import { axisFigure, canvas, cut, linear, niceStep, s, ticks, widthOf } from "../common/svg.mjs";

const HEIGHT = 300, LEFT = 46;
const QUANTILES = ["p5", "p25", "p50", "p75", "p95", "p98"];
export const STEPS = 5;
export const title = (one) => `${shortName(one.names)} ${metricName(one.metric)}`;

/** Panels side by side, one a series; below each other where there is no room. */
export function panels(series, width, k, height, what, each) {
  const across = width / k >= 520 ? series.length : 1;
  const gap = 24 * k, wide = (width - gap * (across - 1)) / across, rows = Math.ceil(series.length / across);
  const svg = canvas(width, rows * height * k, k, what);
  series.forEach((one, n) => {
    const part = s("g", { transform: `translate(${(n % across) * (wide + gap)} ${Math.floor(n / across) * height * k})` });
    part.append(s("text", { class: `ana-fill-${n + 1} ana-bold`, x: 0, y: 14 * k }, cut(`${n + 1} ${title(one)}`, wide / k - 60)));
    each(part, one, n, { left: LEFT * k, right: wide - 8 * k, top: 34 * k, bottom: (height - 34) * k });
    svg.append(part);
  });
  return svg;
}
const nothing = (part, box, k) => part.append(s("text", { class: "ana-secondary ana-middle", x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, "font-size": 12 * k }, t("No valid hour in this time")));

/** Counts by value; quantiles as ticks below, limits as dashed lines named at their top. */
export function bins(series, width, k, digits) {
  const shared = series.length > 1 && series[0].metric === series[1].metric;
  const most = (one) => Math.max(0.01, ...(shared ? series : [one]).flatMap((each) => each.bins.map((bin) => bin.count / (each.valid || 1))));
  return panels(series, width, k, HEIGHT, t("Histogram: {what}; all figures are in the table", { what: series.map(title).join("; ") }), (part, one, n, box) => {
    if (!one.bins.length) return nothing(part, box, k);
    const limits = one.limits.filter((limit) => limit.value <= one.bins.at(-1).high * 1.6 && limit.value >= one.bins[0].low - (one.bins.at(-1).high - one.bins[0].low) * 0.3);
    const low = Math.min(one.bins[0].low, ...limits.map((limit) => limit.value)), high = Math.max(one.bins.at(-1).high, ...limits.map((limit) => limit.value));
    const floor = { ...box, top: box.top + 14 * k, bottom: box.bottom - 34 * k };
    const x = linear(low, high, box.left, box.right), y = shares(part, 100 * most(one), floor, k);
    for (const bin of one.bins) {
      const top = y((100 * bin.count) / one.valid);
      if (bin.count) part.append(s("rect", { class: `ana-bar ana-fill-${n + 1}`, x: x(bin.low) + 0.5, width: Math.max(1, x(bin.high) - x(bin.low) - 1), y: top, height: floor.bottom - top }));
    }
    part.append(s("line", { class: "ana-axis", x1: box.left, x2: box.right, y1: floor.bottom, y2: floor.bottom }));
    valueTicks(part, low, high, x, floor.bottom, k, one.unit);
    marks(part, one, x, box.bottom + 8 * k, k);
    limits.forEach((limit, i) => {
      const mean = limit.mean_over_s > 3600 ? ` (${limit.mean_over_s / 3600} h)` : "";
      const word = cut(`${named(limit.label)} ${figure(limit.value, digits(one))}${mean}`, 150), left = x(limit.value) > (box.left + box.right) / 2;
      part.append(s("line", { class: "ana-limit ana-ink", x1: x(limit.value), x2: x(limit.value), y1: box.top - 2 * k, y2: floor.bottom, "stroke-dasharray": `${(7 - 2 * (i % 3)) * k} ${3 * k}`, "stroke-width": 1.4 * k }));
      part.append(s("text", { class: `ana-halo ${left ? "ana-end" : ""}`, "stroke-width": 3 * k, x: x(limit.value) + (left ? -5 : 5) * k, y: box.top + (8 + 15 * (i % 4)) * k }, word));
    });
  });
}
function shares(part, most, box, k) {
  const step = niceStep(most / 4), top = Math.ceil(most / step - 1e-9) * step, y = linear(0, top, box.bottom, box.top);
  for (const value of ticks(0, top, Math.round(top / step))) {
    if (value) part.append(s("line", { class: "ana-grid-line", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
    part.append(s("text", { class: "ana-secondary ana-end", x: box.left - 8 * k, y: y(value) + 4 * k }, `${axisFigure(value, step)}${value === top ? " %" : ""}`));
  }
  return y;
}
function valueTicks(part, low, high, x, y, k, unit) {
  const step = niceStep((high - low) / 5);
  for (const value of ticks(low, high, (high - low) / step)) part.append(s("text", { class: "ana-secondary ana-middle", x: x(value), y: y + 16 * k }, axisFigure(value, step)));
  part.append(s("text", { class: "ana-secondary ana-end", x: x(high), y: 14 * k }, unit));
}
/** The quartiles as a box, p5 to p95 as its line, p98 as a tick; each with its name where it has room. */
function marks(part, one, x, y, k) {
  const at = Object.fromEntries(QUANTILES.map((name) => [name, x(one.quantiles[name])]));
  const up = y - 6 * k;
  part.append(s("line", { class: "ana-thin ana-ink", "stroke-width": 1.2 * k, x1: at.p5, x2: at.p95, y1: up, y2: up }));
  part.append(s("rect", { class: "ana-box", "stroke-width": 1.2 * k, x: at.p25, y: up - 5 * k, width: Math.max(1, at.p75 - at.p25), height: 10 * k }));
  for (const name of ["p5", "p50", "p95", "p98"]) part.append(s("line", { class: "ana-thin ana-ink", "stroke-width": (name === "p50" ? 2.4 : 1.2) * k, x1: at[name], x2: at[name], y1: up - 5 * k, y2: up + 5 * k }));
  const taken = [];
  for (const [name, word] of [["p50", t("Median")], ["p98", "p98"], ["p5", "p5"], ["p95", "p95"]]) {
    const half = (widthOf(word) * k) / 2;
    if (taken.some(([a, b]) => at[name] + half + 6 * k > a && at[name] - half - 6 * k < b)) continue;
    taken.push([at[name] - half, at[name] + half]);
    part.append(s("text", { class: "ana-secondary ana-middle", x: at[name], y: up + 19 * k }, word));
  }
}
/** Median of each hour with its quartile band; an hour without a value breaks the line. */
export function day(series, width, k) {
  const of = (one) => one.hours.flatMap((hour) => [hour.p25, hour.p75].filter((value) => value !== null));
  const shared = series.length > 1 && series[0].metric === series[1].metric;
  return panels(series, width, k, HEIGHT, t("Median of each hour of the day: {what}; all figures are in the table", { what: series.map(title).join("; ") }), (part, one, n, box) => {
    const values = (shared ? series : [one]).flatMap(of);
    if (!of(one).length) return nothing(part, box, k);
    let low = Math.min(...values), high = Math.max(...values);
    if (low >= 0 && low < 0.5 * high) low = 0;
    const step = niceStep((high - low) / 4 || Math.abs(high) / 4 || 1);
    low = Math.floor(low / step) * step;
    high = Math.max(low + step, Math.ceil(high / step - 1e-9) * step);
    const x = linear(0, 23, box.left + 4 * k, box.right - 4 * k), y = linear(low, high, box.bottom, box.top);
    for (const value of ticks(low, high, Math.round((high - low) / step))) part.append(s("line", { class: "ana-grid-line", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }), s("text", { class: "ana-secondary ana-end", x: box.left - 8 * k, y: y(value) + 4 * k }, axisFigure(value, step)));
    for (let hour = 0; hour < 24; hour += 6) part.append(s("text", { class: "ana-secondary ana-middle", x: x(hour), y: box.bottom + 17 * k }, `${String(hour).padStart(2, "0")}:00`));
    part.append(s("text", { class: "ana-secondary ana-end", x: box.right, y: box.bottom + 17 * k }, `23:00`), s("text", { class: "ana-secondary ana-end", x: box.right, y: 14 * k }, one.unit));
    for (const run of joined(one.hours)) {
      const up = run.map(([h, v]) => `${x(h)},${y(v.p75)}`), down = run.map(([h, v]) => `${x(h)},${y(v.p25)}`).reverse();
      part.append(s("polygon", { class: `ana-band ana-fill-${n + 1}`, points: [...up, ...down].join(" ") }));
      part.append(s("path", { class: `ana-line ana-line-${n + 1}`, "stroke-width": 2.2 * k, d: `M${run.map(([h, v]) => `${x(h)},${y(v.median)}`).join("L")}`, ...(n ? { "stroke-dasharray": `${7 * k} ${4 * k}` } : {}) }));
      if (run.length === 1) part.append(s("circle", { class: `ana-dot ana-fill-${n + 1}`, cx: x(run[0][0]), cy: y(run[0][1].median), r: 2.4 * k }));
    }
  });
}
function joined(hours) {
  const found = [];
  hours.forEach((hour, n) => {
    if (hour.median === null) return;
    if (n && hours[n - 1].median !== null) found.at(-1).push([n, hour]);
    else found.push([[n, hour]]);
  });
  return found;
}
const DAYS = () => [t("Mon"), t("Tue"), t("Wed"), t("Thu"), t("Fri"), t("Sat"), t("Sun")];
/** Seven days by 24 hours in neutral steps; an hour without a value is a dashed box. */
export function week(series, width, k, digits) {
  const all = (one) => one.week.flat().map((hour) => hour.median).filter((value) => value !== null);
  const shared = series.length > 1 && series[0].metric === series[1].metric;
  return panels(series, width, k, HEIGHT, t("Median by day of the week and hour: {what}", { what: series.map(title).join("; ") }), (part, one, _, box) => {
    const values = (shared ? series : [one]).flatMap(all);
    if (!all(one).length) return nothing(part, box, k);
    const edges = stepsOf(values);
    const wide = (box.right - box.left) / 24, tall = (box.bottom - box.top - 14 * k) / 7;
    one.week.forEach((hours, d) => {
      part.append(s("text", { class: "ana-secondary ana-end", x: box.left - 8 * k, y: box.top + tall * (d + 0.5) + 4 * k }, DAYS()[d]));
      hours.forEach((hour, h) => {
        const kind = hour.median === null ? "ana-none" : `ana-step-${edges.filter((edge) => hour.median >= edge).length + 1}`;
        const cell = s("rect", { class: `ana-cell ${kind}`, x: box.left + h * wide + 0.5, y: box.top + d * tall + 0.5, width: wide - 1, height: tall - 1 });
        cell.append(s("title", {}, `${DAYS()[d]} ${String(h).padStart(2, "0")}:00 · ${hour.median === null ? t("no data") : `${figure(hour.median, digits(one))} ${one.unit} · n ${hour.n}`}`));
        part.append(cell);
      });
    });
    for (let h = 0; h < 24; h += 6) part.append(s("text", { class: "ana-secondary ana-middle", x: box.left + (h + 0.5) * wide, y: box.bottom + 2 * k }, `${String(h).padStart(2, "0")}:00`));
    stepKey(part, edges, box, k, digits(one), one.unit);
  });
}
/** Four edges between five steps: fifths of what there is. */
function stepsOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [...new Set([0.2, 0.4, 0.6, 0.8].map((p) => sorted[Math.floor(p * (sorted.length - 1))]))].filter((edge) => edge > sorted[0]);
}
function stepKey(part, edges, box, k, digits, unit) {
  const from = box.left - 38 * k, room = (box.right - from) / 5;
  [null, ...edges].forEach((edge, n) => {
    const x = from + n * room;
    part.append(s("rect", { class: `ana-cell ana-step-${n + 1}`, x, y: box.bottom + 13 * k, width: 11 * k, height: 11 * k }), s("text", { class: "ana-secondary", x: x + 15 * k, y: box.bottom + 23 * k }, edge === null ? `< ${figure(edges[0] ?? null, digits)}` : `≥ ${figure(edge, digits)}`));
  });
  part.append(s("text", { class: "ana-secondary ana-end", x: box.right, y: 14 * k }, unit));
}
/** Each paired hour as a dot; the thin line is where both are the same. */
export function pairs(pair, [first, second], width, tall, k) {
  const svg = canvas(width, tall, k, t("Paired hours of {first} and {second}", { first: title(first), second: title(second) }));
  const box = { left: (LEFT + 8) * k, right: width - 12 * k, top: 30 * k, bottom: tall - 44 * k };
  if (!pair?.points.length) { nothing(svg, box, k); return svg; }
  const same = first.metric === second.metric;
  const every = (name) => pair.points.map((p) => p[name]);
  const span = (values) => {
    let low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
    if (low >= 0 && low < 0.4 * high) low = 0;
    const step = niceStep((high - low) / 4 || Math.abs(high) || 1);
    return [Math.floor(low / step) * step, Math.max(Math.floor(low / step) * step + step, Math.ceil(high / step - 1e-9) * step), step];
  };
  const both = same ? span([...every("first"), ...every("second")]) : null;
  const [lowX, highX, stepX] = both ?? span(every("first")), [lowY, highY, stepY] = both ?? span(every("second"));
  const x = linear(lowX, highX, box.left, box.right), y = linear(lowY, highY, box.bottom, box.top);
  for (const value of ticks(lowY, highY, Math.round((highY - lowY) / stepY))) svg.append(s("line", { class: "ana-grid-line", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }), s("text", { class: "ana-secondary ana-end", x: box.left - 8 * k, y: y(value) + 4 * k }, axisFigure(value, stepY)));
  for (const value of ticks(lowX, highX, Math.round((highX - lowX) / stepX))) svg.append(s("line", { class: "ana-grid-line", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }), s("text", { class: "ana-secondary ana-middle", x: x(value), y: box.bottom + 17 * k }, axisFigure(value, stepX)));
  if (same) svg.append(s("line", { class: "ana-thin ana-ink", "stroke-width": k, "stroke-dasharray": `${4 * k} ${3 * k}`, x1: x(lowX), y1: y(lowX), x2: x(highX), y2: y(highX) }));
  for (const point of pair.points) svg.append(s("circle", { class: "ana-scatter", cx: x(point.first), cy: y(point.second), r: 2.4 * k }));
  svg.append(s("text", { class: "ana-fill-1 ana-end", x: box.right, y: tall - 8 * k }, cut(`1 ${title(first)} ${first.unit} →`, (box.right - box.left) / k)), s("text", { class: "ana-fill-2", x: 0, y: 14 * k }, cut(`↑ 2 ${title(second)} ${second.unit}`, width / k)));
  return svg;
}
