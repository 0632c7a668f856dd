// Which limit of a row matters now, and how far it is: as dashboard/environment/thresholds.py, for the next reading.

import { GRADES } from "../common/core.mjs";

const FAR = 9.99;
const signOf = (bound) => (bound.side === "upper" ? 1 : -1);
export const excess = (bound, value) => signOf(bound) * (value - bound.value);

/** The bound that is compared; null where none can be. */
export function nearest(row) {
  const known = row.bounds.filter((bound) => bound.compared !== null);
  const { alert } = row;
  const stood = alert && alert.limit !== null && known.find((bound) => bound.value === alert.limit && bound.rule === alert.rule);
  if (stood) return stood;
  const passed = known.filter((bound) => bound.rule && excess(bound, bound.compared) > 0);
  if (passed.length) return best(passed, (a, b) => rank(a) - rank(b) || outwards(b, a));
  const groups = Map.groupBy ? Map.groupBy(known, kind) : grouped(known);
  const ends = [...groups.values()].map((some) => next([...some].sort(outwards)));
  return ends.length ? best(ends, (a, b) => excess(b, b.compared) - excess(a, a.compared) || Number(Boolean(b.rule)) - Number(Boolean(a.rule))) : null;
}
const kind = (bound) => `${bound.mean_over_s}|${bound.side}`;
function grouped(bounds) {
  const found = new Map();
  for (const bound of bounds) found.set(kind(bound), [...(found.get(kind(bound)) ?? []), bound]);
  return found;
}
const rank = (bound) => (bound.grade ? GRADES.indexOf(bound.grade) : GRADES.length);
const outwards = (a, b) => signOf(a) * a.value - signOf(b) * b.value;
const best = (some, order) => [...some].sort(order)[0];
const next = (some) => some.find((bound) => excess(bound, bound.compared) <= 0) ?? some.at(-1);

/** {gap, percent, share, beyond}; share 1 is at the limit. */
export function margin(row, bound) {
  const value = bound.compared, gap = excess(bound, value);
  const percent = row.in_percent && bound.value !== 0 ? (100 * gap) / Math.abs(bound.value) : null;
  return { gap, percent, share: share(row, bound, value), beyond: gap > 0 };
}
function share(row, bound, value) {
  if (row.by_ratio && bound.value > 0) {
    const [of, to] = bound.side === "upper" ? [value, bound.value] : [bound.value, value];
    return shown(to > 0 ? of / to : FAR);
  }
  if (bound.base !== null && bound.base !== bound.value) return shown((value - bound.base) / (bound.value - bound.base));
  return shown(1 + excess(bound, value) / (Math.abs(bound.value) || 1));
}
const shown = (found) => Math.min(FAR, Math.max(0, found));

/** Open alerts by grade, then by how near the limit is; what takes no part last. */
export function order(a, b) {
  const [x, y] = [place(a), place(b)];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}
function place(row) {
  const near = row.found ? -row.found.share : Infinity;
  if (row.alert) return [0, GRADES.indexOf(row.alert.grade), near, row.station, row.metric];
  return [{ stale: 3, unknown: 4 }[row.state] ?? (row.found ? 1 : 2), 0, near, row.station, row.metric];
}
