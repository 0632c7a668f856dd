// Discharge: each limit of each outfall and stack, with its verdict and why.

import { $, el, figure, icon, metricName, named, period, setText, shortName, t, valueText, word } from "../common/core.mjs";
import { count, table } from "../data/books.mjs";
import { footnotes, full } from "./footnotes.mjs";

const ORDER = ["exceeded", "undetermined", "met"];
const WORDS = () => ({ exceeded: t("Exceeded"), undetermined: t("Undetermined"), met: t("Met") });
const TICK = 0.75; // where every bar has its limit
const URL = "/api/v1/discharge/compliance";

export const file = (query) => `${URL}?${query}`;
export const read = (query, get) => get(file(query));

export function draw(found) {
  const rows = [...found.rows].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || a.station.localeCompare(b.station));
  $("verdicts").replaceChildren(...ORDER.map((verdict) => {
    const n = rows.filter((row) => row.verdict === verdict).length;
    const cell = el("span", n ? "verdict-count" : "verdict-count zero");
    cell.append(mark(verdict), el("b", "", count(n)), ` ${WORDS()[verdict]}`);
    return cell;
  }));
  setText($("compliance-period"), t("{from} to {to}, whole hours and days that are over", { from: full(found.from), to: full(found.to) }));
  setText($("compliance-note"), t("{n} limits; each by the mean that it is for", { n: rows.length }));
  const body = el("tbody");
  for (const row of rows) body.append(line(row));
  table($("compliance-table"), titles(), body, t("No outfall or stack has a limit"));
  footnotes("compliance", found.provenance);
}
function titles() {
  const row = el("tr");
  for (const [name, kind] of [
    [t("Verdict"), ""], [t("Outfall, parameter"), ""], [t("Limit"), ""], [t("Worst against the limit"), "wide-bar"], [t("Worst"), "figure"],
    [t("Mean"), "figure"], [t("Times beyond"), "figure"], [t("Valid / expected"), "figure"], [t("Reason"), "why-cell"],
  ]) row.append(el("th", kind, name, { scope: "col" }));
  const head = el("thead");
  head.append(row);
  return head;
}
function line(row) {
  const node = el("tr", `verdict-${row.verdict}`, null, { "data-verdict": row.verdict });
  const verdict = el("td", "verdict-cell");
  verdict.append(mark(row.verdict), el("b", "", WORDS()[row.verdict]));
  const name = el("th", "two-lines", null, { scope: "row" });
  const title = el("span", "of-station", null, { title: row.station });
  title.append(icon(`i-${row.kind}`, "icon kind"), shortName(row.names));
  name.append(title, el("span", "secondary", metricName(row.metric) + (row.origin === "live" ? "" : ` · ${word(row.origin)}`)));
  node.append(verdict, name, limit(row), bar(row), worst(row), mean(row), beyond(row), valid(row), el("td", "why-cell", named(row.reason)));
  return node;
}
/** Shape and word, no colour: a verdict is no warning. */
const mark = (verdict) => el("i", `verdict-mark ${verdict}`, null, { "aria-hidden": "true" });

/** On narrow screens, where the head of the table is gone, each figure says what it is. */
const labelled = (name, label) => el("td", `figure two-lines ${name}`, null, { "data-label": label });
const over = (s) => (s === null ? t("each reading") : s === 86400 ? t("daily mean") : t("{period} mean", { period: period(s) }));

function limit(row) {
  const cell = el("td", "two-lines of-limit", null, { title: row.limit.source });
  const sign = row.limit.side === "upper" ? "≤" : "≥";
  cell.append(el("span", "", `${sign} ${valueText(row.limit.value, row.metric)}`), el("span", "secondary", `${over(row.limit.mean_over_s)} · ${named(row.limit.label)}`));
  return cell;
}
/** Grey; the limit is at the same place in every row; the margin is written. */
function bar(row) {
  const cell = el("td", "wide-bar");
  if (row.worst === null) {
    cell.append(el("span", "quiet", "—"));
    return cell;
  }
  const upper = row.limit.side === "upper";
  const share = upper ? row.worst / row.limit.value : row.limit.value / row.worst;
  const track = el("span", "limit-bar", null, { "aria-hidden": "true" });
  track.append(el("i"), el("span", "limit-tick"));
  track.firstChild.style.width = `${Math.max(0, Math.min(1, share * TICK)) * 100}%`;
  cell.append(track, el("span", "secondary", margin(row, upper)));
  return cell;
}
function margin(row, upper) {
  const gap = upper ? row.worst - row.limit.value : row.limit.value - row.worst;
  if (row.metric === "ph") return gap > 0 ? t("{n} beyond", { n: figure(gap, 2) }) : t("{n} left", { n: figure(-gap, 2) });
  const percent = (100 * gap) / row.limit.value;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return gap > 0 ? t("{n} % beyond", { n: figure(percent, digits) }) : t("{n} % left", { n: figure(-percent, digits) });
}
function worst(row) {
  const cell = labelled("of-worst", t("Worst"));
  cell.append(el("b", row.over ? "strong" : "", valueText(row.worst, row.metric)), el("span", "secondary", row.worst_at ? at(row) : ""));
  return cell;
}
/** A day is named by its date, an hour by its start. */
function at(row) {
  const text = full(row.worst_at);
  return row.limit.mean_over_s === 86400 ? text.slice(5, 10) : text.slice(5);
}
function mean(row) {
  const cell = labelled("of-mean", t("Mean"));
  const how = row.method === "flow_weighted" && row.mean !== null ? t("by flow") : "";
  cell.append(el("span", "", valueText(row.mean, row.metric)), el("span", "secondary", how));
  return cell;
}
const unit = (row) => (row.limit.mean_over_s === 86400 ? t("days") : t("hours"));
function beyond(row) {
  const cell = labelled("of-beyond", t("Times beyond"));
  const doubtful = row.over - row.over_sound;
  const known = row.valid || row.over;
  cell.append(el("span", row.over ? "strong" : "zero", known ? count(row.over) : "—"), el("span", "secondary", doubtful ? t("{n} doubtful", { n: doubtful }) : row.valid ? t("of {n} valid", { n: count(row.valid) }) : ""));
  return cell;
}
/** Cut, not rounded: 100 % is said only where nothing is missing. */
function valid(row) {
  const cell = labelled("of-valid", t("Valid / expected"));
  cell.title = t("{n} without doubtful readings", { n: row.sound });
  const share = row.completeness === null ? "—" : `${Math.floor(row.completeness * 1000) / 10} %`;
  cell.append(el("span", "", `${count(row.valid)} / ${count(row.expected)} ${unit(row)}`), el("span", "secondary", share));
  return cell;
}
