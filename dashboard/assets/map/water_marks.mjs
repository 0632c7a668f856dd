// A reservoir on the map: how full it is, and whether its level rises; nothing of what nobody knows.

import { amount, figure, water } from "../common/core.mjs";
import { valueState } from "../common/state.mjs";

const MOST_FULL = 1.3; // of normal pool: more than a dam holds is a wrong figure

/** {level: tenths filled or "-", note: what is written beside it}; old and unknown figures fill nothing. */
export function gauge(station) {
  const level = station.latest.level_m, storage = station.latest.storage_m3;
  const usable = (one) => one && one.value !== null && ["fresh", "late"].includes(valueState(station, one));
  const full = usable(storage) && water?.[station.code]?.full_m3 ? storage.value / water[station.code].full_m3 : null;
  const sound = full !== null && full >= 0 && full < MOST_FULL;
  const parts = [sound ? `${figure(full * 100, 0)} %` : null, usable(level) ? drift(level.trend_per_h) : null];
  return { level: sound ? String(Math.min(10, Math.round(full * 10))) : "-", note: parts.filter(Boolean).join("  ") || "—" };
}
/** An arrow and m/h; a rate that rounds to nothing is level; null: not known. */
export function drift(rate) {
  if (rate === null || rate === undefined) return null;
  const [shown] = amount(Math.abs(rate), "level_m");
  const level = Number(shown.replace(/,/g, "")) === 0;
  return level ? "→ 0 m/h" : `${rate > 0 ? "↑" : "↓"} ${shown} m/h`;
}
