// Where the water goes: time to the next limit with its band, and what the drawer's values owe to it.

import { $, ageOf, ageText, amount, figure, gradeWord, listed, moment, named, now, replaying, setData, setText, span, t, urls, valueText } from "../common/core.mjs";
import { chosen, on } from "../common/state.mjs";

const LEAST_MS = 4000, AGAIN_MS = 60e3, OLD_S = 120;
let found = null; // the answer shown; kept, greying, while no other comes
let asked = ""; // "station|time of its newest level"
let askedAt = 0;
let told = () => {};

/** changed: called when an answer came, for what else shows it. */
export function start(changed) {
  told = changed;
  on("theme", () => fill());
}
/** Ask for a station's outlook when its level is new; hide what is another station's. */
export function show(station) {
  if (replaying()) found = null; // what it says is of the present
  const level = replaying() ? null : station.latest.level_m;
  if (found?.station !== station.code) found = null;
  fill(); // each second: what was said counts on
  if (!level) return;
  const key = `${station.code}|${level.t}`, waited = now() - askedAt;
  const due = key !== asked ? !asked.startsWith(`${station.code}|`) || waited > LEAST_MS : waited > AGAIN_MS;
  if (due && document.body.dataset.link !== "down") void ask(station.code, key);
}
async function ask(code, key) {
  asked = key;
  askedAt = now();
  try {
    const answer = await fetch(`${urls.stations}/${encodeURIComponent(code)}/outlook`);
    if (!answer.ok) return;
    const body = await answer.json();
    if (chosen.station !== code) return;
    found = body;
  } catch {
    return; // the link is down: asked again with the next level
  }
  fill();
  told();
}

// ---- the block

function fill() {
  const root = $("drawer-outlook");
  const known = found && (found.time_to_limit.limit || found.limits.length);
  root.hidden = !known;
  if (!known) return;
  const ahead = found.time_to_limit, hours = ahead.central_h !== null && !past(ahead), left = leftOf(ahead);
  setData(root, "state", hours && left > 0 ? "ahead" : "said");
  setData(root, "old", old() ? "" : null);
  setText($("outlook-assumption"), assumption(ahead));
  setText($("outlook-hours"), !hours ? stateWord() : left > 0 ? about(left) : t("should have been reached"));
  setText($("outlook-at"), hours && ahead.central_t ? moment(ahead.central_t) : "");
  setText($("outlook-chance"), hours ? t("80 % range") : "");
  setText($("outlook-range"), hours ? range(ahead) : "");
  setText($("outlook-notes"), notes(ahead).join(" · "));
  setText($("outlook-grade"), graded());
  $("drawer-outlook").title = provenance();
}
const old = () => ageOf(found.generated_at) > OLD_S;
/** Hours from now to a moment, or as they were told where there is no moment (a replay). */
const fromNow = (moment_, hours) => (moment_ ? (Date.parse(moment_) - now()) / 3.6e6 : hours);
const leftOf = (ahead) => fromNow(ahead.central_t, ahead.central_h);
/** Whether even the latest time has gone by: then nobody knows. */
function past(ahead) {
  if (!ahead.central_t) return false;
  const end = ahead.latest_t ? Date.parse(ahead.latest_t) : Date.parse(ahead.at) + ahead.horizon_h * 3.6e6;
  return now() > end;
}
function assumption(ahead) {
  if (!ahead.limit) return t("Above every limit");
  const limit = limitText(ahead.limit);
  if (ahead.central_h !== null && !past(ahead)) return t("At the present rate, to {limit}", { limit });
  return t("Next limit: {limit}", { limit });
}
function limitText(name) {
  const limit = found.limits.find((one) => one.name === name);
  return limit ? `${named(limit.names)} ${figure(limit.value, 2)} m` : name;
}
/** About 4.1 h; under an hour in minutes. */
function about(hours) {
  if (hours < 1) return t("about {min} min", { min: Math.max(1, Math.round(hours * 60)) });
  return t("about {h} h", { h: figure(hours, hours < 10 ? 1 : 0) });
}
function range(ahead) {
  const end = ahead.latest_h === null;
  if (!ahead.earliest_t) {
    const last = end ? t("perhaps never") : figure(ahead.latest_h, 1);
    return `${figure(ahead.earliest_h, 1)} – ${last}${end ? "" : " h"}`;
  }
  return `${moment(ahead.earliest_t)} – ${end ? t("perhaps never") : moment(ahead.latest_t)}`;
}
function stateWord() {
  const why = past(found.time_to_limit) ? "past" : found.reasons[0];
  if (why === "past") return t("unknown: {why}", { why: reason(why) });
  if (found.state === "rising") return why === "no_limit" ? t("rising") : t("rising, not within {h} h", { h: figure(found.time_to_limit.horizon_h, 0) });
  if (found.state === "falling") return t("falling");
  if (found.state === "steady") return t("steady");
  return t("unknown: {why}", { why: reason(why) });
}
function reason(code) {
  return {
    too_old: t("the newest level is too old"),
    too_few: t("too few levels since the last gap"),
    no_reading: t("no level that can be trusted"),
    noisy: t("a slow rise could hide in the gauge's noise"),
    past: t("the limit should have been reached, and no newer level came"),
  }[code] ?? code;
}
function notes(ahead) {
  const parts = old() ? [ageText(ageOf(found.generated_at), "stale")] : [], rate = ahead.rate ?? found.rise;
  if (rate) parts.push(t("{rate} m/h over {span}", { rate: signed(rate.rate_mh), span: span(rate.window_s) }));
  if (found.reasons.includes("slowing")) parts.push(t("the rise is dying away"));
  const above = found.limits.filter((one) => one.reached);
  if (above.length) parts.push(t("above {limits}", { limits: listed(above.map((one) => limitText(one.name))) }));
  if (found.rain) parts.push(rain(found.rain));
  const used = found.provenance.readings;
  if (used.own_time) parts.push(t("in the recording's own time"));
  if (used.left_out) parts.push(t("{count} doubtful readings left out", { count: used.left_out }));
  return parts;
}
/** The sum with how much of it was measured; a silent gauge has none. */
function rain({ day_mm: sum, count, expected }) {
  if (sum === null) return t("rain 24 h unknown: {count} of {expected} readings", { count, expected });
  const said = t("rain 24 h {amount}", { amount: valueText(sum, "rain_mm") });
  return count < 0.95 * expected ? `${said} (${t("{count} of {expected} readings", { count, expected })})` : said;
}
const signed = (value) => (value > 0 ? "+" : "") + figure(value, 2);

/** What grades the level; a proposal of ours says that nobody has confirmed it. */
function graded() {
  const { grade, rule, rule_version: version, confirmed, known } = found.grade;
  if (!known) return "";
  const words = grade ? t("level grade {grade}", { grade: gradeWord(grade) }) : t("level below all grades");
  return confirmed ? `${words} (${t("rule {code} v{version}", { code: rule, version })})` : `${words} (${t("proposal, not confirmed")})`;
}
function provenance() {
  const { readings, curve, method } = found.provenance;
  const parts = [method];
  if (readings.count) parts.push(t("{count} readings {from} – {to}", { count: readings.count, from: moment(readings.from), to: moment(readings.to) }));
  if (curve) parts.push(t("curve: {source}", { source: curve.source }));
  return parts.join(" · ");
}

// ---- the drawer's values

/** {label, text} beside a value that follows from the level; null for all others. */
export function beside(station, metric) {
  if (found?.station !== station.code) return null;
  if (metric === "inflow_m3s") return inflow(station);
  if (metric === "storage_m3" && found.percent.value !== null) return { text: `${figure(found.percent.value, 0)} %`, title: t("of the storage at the normal pool, dead storage included") };
  if (metric === "storage_m3" && found.storage_m3.reason === "above") return { text: t("above the table") };
  return null;
}
function inflow() {
  const { band_m3s: band, remarks } = found.inflow;
  if (band === null) return null;
  const net = remarks.includes("net");
  const [shown, unit] = amount(band, "inflow_m3s");
  return {
    label: net ? t("Net inflow (derived)") : t("Inflow (derived)"),
    text: `± ${shown}`,
    title: [
      t("80 % band, {unit}", { unit }),
      net ? t("what is let out is not measured: at least this flows in") : "",
      remarks.includes("zero") ? t("not distinguishable from zero") : "",
      remarks.includes("negative") ? t("negative: more leaves than is measured, or the gauge drifts") : "",
    ].filter(Boolean).join(" · "),
  };
}
