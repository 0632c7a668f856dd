// Figures and places of the footprint: how they are written and where labels stand. Pure.

import { figure, lang, span, t } from "../common/core.mjs";

/** 0.1 km from 1 km on, 10 m below; within 100 m the model says no more than that. As in gis/figures.py. */
export function kilometres(metres, more = false) {
  if (metres < 100) return "< 100 m";
  const text = metres >= 995 ? `${(Math.round(metres / 100) / 10).toFixed(1)} km` : `${Math.round(metres / 10) * 10} m`;
  return more ? `> ${text}` : text;
}
/** Two digits, with thousands. */
export function people(count) {
  if (count < 1) return count > 0 ? "< 1" : "0";
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return (Math.round(count / unit) * unit).toLocaleString("en-US");
}
export const minutes = (seconds) => (seconds === null ? "—" : String(Math.max(1, Math.round(seconds / 60))));
/** When gas comes, of a release that has gone on for elapsed_s; not known (null): as if it began now. */
export function soon(arrival_s, elapsed_s) {
  const out_s = elapsed_s ?? 0;
  if (out_s && arrival_s !== null && arrival_s <= out_s) return t("may be there");
  return t("{min} min", { min: minutes(arrival_s === null ? null : arrival_s - out_s) });
}
export const ppm = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
export const kilograms = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 2 });
const clear = (text) => text.split("**");
/** [[text, strong]] of a headline: what is strong stands between double asterisks. */
export const pieces = (texts) => clear(texts[lang]).map((text, index) => [text, index % 2 === 1]).filter(([text]) => text);

/** What the picture rests on, in one line. age_s: of the wind as it is now, null by hand. */
export function assumptions(found, age_s) {
  const { wind, stability } = found.weather;
  const parts = [t("Gaussian model")];
  if (stability.used) parts.push(classText(stability));
  if (wind) parts.push(windText(wind, age_s));
  parts.push(amount(found.release));
  const zone = main(found), crowd = zone?.exposure.people;
  if (crowd?.assumption) parts.push(t("people {low}–{high}, by density", { low: people(crowd.low), high: people(crowd.high) }));
  if (zone) {
    const low = kilometres(zone.reach_low_m), high = kilometres(zone.reach_high_m, zone.reach_high_m >= 10000);
    if (low !== high) parts.push(t("{limit} {low} to {high}", { limit: zone.limit.name, low, high }));
  }
  return parts.join(" · ");
}
function classText({ classes, used }) {
  const others = classes.filter((each) => each !== used);
  return others.length ? t("class {name} (or {others})", { name: used, others: others.join(", ") }) : t("class {name}", { name: used });
}
function windText(wind, age_s) {
  const blows = { deg: Math.round(wind.from_deg), speed: figure(wind.speed_ms, 1) };
  if (wind.turning) return t("wind turning, {speed} m/s ({span} ago)", { ...blows, span: span(age_s ?? 0) });
  return wind.by_hand ? t("wind {deg}° {speed} m/s", blows) : t("wind {deg}° {speed} m/s ({span} ago)", { ...blows, span: span(age_s ?? 0) });
}
export function amount({ rate_kgs, mass_kg, known, low, high }) {
  const text = rate_kgs === null ? t("{kg} kg at once", { kg: kilograms(mass_kg) }) : `${kilograms(rate_kgs)} kg/s`;
  if (known === "assumed") return t("assumed {amount}", { amount: text });
  if (known === "fitted") return t("from sensors {amount} (× {low}–{high})", { amount: text, low: kilograms(low), high: kilograms(high) });
  return text;
}
/** The zone that the headline is about: of level 2, else the widest that is reached. */
export function main(found) {
  const reached = found.zones.filter((zone) => zone.reach_m > 0);
  return reached.find((zone) => zone.grade === "orange") ?? reached.at(-1) ?? null;
}
/** Everything in zones and wedge once, with the gravest zone it lies in; in the zones first, then near first. */
export function places(found) {
  const kept = new Map();
  const turned = found.wedge_exposure ? [{ grade: "wedge", exposure: found.wedge_exposure }] : [];
  for (const zone of [...found.zones, ...turned]) {
    const { facilities, plants } = zone.exposure;
    const kinds = [...Object.entries(facilities ?? {}), ["plant", plants]];
    for (const [kind, { list }] of kinds) {
      for (const each of list) {
        const key = `${kind}|${each.lon}|${each.lat}|${each.names.zh}`;
        if (!kept.has(key)) kept.set(key, { ...each, kind, grade: zone.grade });
      }
    }
  }
  const outside = (each) => Number(each.grade === "wedge");
  return [...kept.values()].sort((a, b) => outside(a) - outside(b) || (a.distance_m ?? 0) - (b.distance_m ?? 0));
}
