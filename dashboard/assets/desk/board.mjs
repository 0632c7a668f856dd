// The severity board: what burns, how bad, since when, whose. Four cells always in sight.

import { $, GRADES, alertAmount, el, gradeWord, metricName, setClass, setData, setShape, setText, shortName, span, t } from "../common/core.mjs";
import { choose, counts, isOwned, liveValue, openAlerts, redraw, sinceOf, tallyOf, valueAge } from "../common/state.mjs";

const cells = {};

export function start() {
  for (const grade of GRADES) cells[grade] = cell(grade);
  $("board").replaceChildren(...GRADES.map((grade) => cells[grade].root), rest());
  redraw(["first", "all", "change", "tick"], draw);
}
function cell(grade) {
  const root = el("button", "cell", null, { type: "button", "data-grade": grade });
  const parts = {
    root, shape: el("span", "cell-shape"), count: el("span", "cell-count"), word: el("span", "cell-word", gradeWord(grade)),
    name: el("span", "cell-name"), since: el("span", "cell-since quiet"),
    metric: el("span", "cell-metric"), span: el("span", "cell-span"),
    value: el("b", "cell-value"), unit: el("span", "unit"), owner: el("span", "cell-owner"),
  };
  const value = el("span", "cell-number");
  value.append(parts.value, " ", parts.unit);
  const number = el("span", "cell-tally");
  number.append(parts.count, parts.word);
  const what = el("span", "cell-what");
  parts.since.append(parts.metric, parts.span);
  what.append(parts.name, parts.since);
  const whose = el("span", "cell-whose");
  whose.append(value, parts.owner);
  root.append(parts.shape, number, what, whose);
  root.addEventListener("click", () => {
    const worst = openAlerts().find((alert) => alert.grade === grade);
    if (worst) choose(worst.station, worst.metric, worst.id);
  });
  return parts;
}
function rest() {
  const root = el("div", "cell rest");
  for (const [id, label] of [["count-silent", t("No data")], ["count-aside", t("Aside")], ["count-normal", t("Normal")]]) {
    const part = el("span", "rest-part");
    part.append(el("span", "secondary", label), el("span", "rest-count", "—", { id }));
    root.append(part);
  }
  return root;
}
function draw() {
  for (const grade of GRADES) drawCell(grade);
  const { silent, normal } = counts();
  setText($("count-silent"), String(silent));
  setText($("count-aside"), String(tallyOf().aside));
  setText($("count-normal"), String(normal));
}
function drawCell(grade) {
  const found = openAlerts().filter((alert) => alert.grade === grade);
  const parts = cells[grade];
  const worst = found[0];
  setShape(parts.shape, grade, Boolean(worst) && isOwned(worst));
  const { waiting, taken } = tallyOf(grade); // what is over or set aside does not burn
  const count = (waiting + taken).toLocaleString("en-US");
  setText(parts.count, count);
  setData(parts.count, "digits", count.length > 2 ? count.length : null);
  setData(parts.root, "state", waiting ? "unclaimed" : taken ? "owned" : "empty");
  parts.root.disabled = !worst;
  if (!worst) return drawEmpty(parts, waiting + taken);
  const [number, unit] = alertAmount(worst, liveValue(worst));
  setText(parts.name, shortName(worst.station_names) || worst.subject);
  setText(parts.metric, metricName(worst.metric) ? `${metricName(worst.metric)} · ` : "");
  setText(parts.span, span(sinceOf(worst), true));
  setText(parts.value, number === "—" ? t("no data") : number);
  setText(parts.unit, number === "—" ? "" : unit);
  setClass(parts.value, `cell-value ${valueAge(worst).state}`);
  setText(parts.owner, worst.owner ?? t("unclaimed"));
  setClass(parts.owner, isOwned(worst) ? "cell-owner" : "cell-owner strong");
}
/** unseen: how many there are that this desk was not given: in a flood it has the gravest. */
function drawEmpty(parts, unseen) {
  setText(parts.name, unseen ? t("not on this screen yet") : t("Nothing open"));
  for (const key of ["metric", "span", "value", "unit", "owner"]) setText(parts[key], "");
}
