// The wall's board: a row a grade, always in sight, and the row of an unclaimed red the highest.

import { $, GRADES, alertAmount, ageText, el, lang, metricName, ownAmount, setClass, setData, setShape, setText, shortName, span, t } from "../common/core.mjs";
import { isOwned, liveValue, on, openAlerts, redraw, sinceOf, stations, tallyOf, trend, valueAge } from "../common/state.mjs";

export const EVENTS = ["first", "all", "change", "tick"];
const rows = {};

export function start() {
  for (const grade of GRADES) rows[grade] = makeRow("bar");
  for (const grade of GRADES) setData(rows[grade].root, "grade", grade);
  $("wall-board").replaceChildren(...GRADES.map((grade) => rows[grade].root));
  on("language", () => {
    for (const { shape } of Object.values(rows)) delete shape.dataset.shape; // it has a character in it
    $("wall-board").setAttribute("aria-label", t("Severity board"));
    draw();
  });
  $("wall-board").setAttribute("aria-label", t("Severity board"));
  redraw(EVENTS, draw);
}
export function makeRow(className) {
  const parts = { root: el("div", className) };
  for (const name of ["shape", "count", "name", "value", "since", "owner"]) parts.root.append((parts[name] = el(name === "value" ? "div" : "span", `bar-${name}`)));
  parts.value.append(el("b"), " ", el("span", "unit"), el("span", "bar-trend"));
  return parts;
}
function draw() {
  for (const grade of GRADES) drawRow(rows[grade], grade);
}
function drawRow(parts, grade) {
  const found = openAlerts().filter((alert) => alert.grade === grade), worst = found[0];
  const { waiting, taken } = tallyOf(grade);
  setShape(parts.shape, grade, Boolean(worst) && isOwned(worst));
  setText(parts.count, (waiting + taken).toLocaleString("en-US"));
  setData(parts.count, "digits", String(waiting + taken).length);
  setData(parts.root, "state", waiting ? "unclaimed" : taken ? "owned" : "empty");
  if (worst) return fill(parts, worst);
  setText(parts.name, waiting + taken ? t("not on this screen yet") : t("Nothing open"));
  for (const node of [parts.since, parts.owner, ...parts.value.children]) setText(node, "");
}
/** An alert into a row: what, its live value, since when and over what, whose. */
export function fill(parts, alert) {
  const [number, unit] = alertAmount(alert, liveValue(alert)), age = valueAge(alert);
  const [value, units, rise] = parts.value.children;
  const metric = metricName(alert.metric), name = shortName(alert.station_names) || alert.subject;
  setText(parts.name, metric ? join(name, metric) : name);
  setText(value, number === "—" ? t("no data") : number);
  setClass(value, `${age.state}${number.length > 7 || number === "—" ? " long" : number.length > 4 ? " wide" : ""}`);
  setText(units, number === "—" ? "" : unit);
  setText(rise, trend(stations.get(alert.station), alert.metric));
  setText(parts.since, sinceText(alert, age));
  setText(parts.owner, isOwned(alert) ? alert.owner ?? t("claimed") : t("unclaimed"));
  setClass(parts.owner, isOwned(alert) ? "bar-owner" : "bar-owner strong");
}
/** Chinese sets them apart by a space, English by a comma and a small letter, but for NH₃ and PM2.5. */
const join = (name, metric) => (lang === "zh" ? `${name} ${metric}` : `${name}, ${metric.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`);
/** How long, over which limit; an old value says so before all else. */
function sinceText(alert, { state, age_s }) {
  const parts = [span(sinceOf(alert))];
  const old = state === "stale" || state === "unknown";
  if (old && alert.metric) parts.push(ageText(age_s, state));
  else if (alert.limit !== null && alert.limit !== undefined) parts.push(t("limit {value}", { value: ownAmount(alert, alert.limit)[0] }));
  return parts.join(lang === "zh" ? "，" : ", ");
}
