// The back-test beside the form: a period, and what the text in the form would have done in it.

import { el, figure, fromLocal, lang, now, setText, shape, span, t, toLocal, word } from "../common/core.mjs";
import { headers, rulesUrl } from "./send.mjs";
import { gradeTag, stationName } from "./words.mjs";

const DAY_MS = 86_400_000, MOST_ROWS = 200;
const PERIODS = [["week", 7], ["month", 30], ["year", 365], ["years", 4 * 365 + 1]];
let root = null, text = null, running = null, tested = null;

/** holder: where; read: gives the text in the form. */
export function open(holder, read) {
  stop();
  text = read;
  tested = null;
  root = el("form", "trial", null, { novalidate: "" });
  root.append(el("h3", "", t("What would it have done?")), el("p", "secondary", t("The text in the form, saved or not, over the stored readings, by the engine that judges live.")),
    periods(), times(), buttons(), el("p", "trial-said mark-said", "", { role: "alert" }), el("div", "trial-found", null, { "aria-live": "polite" }));
  root.addEventListener("submit", (event) => { event.preventDefault(); start(); });
  holder.replaceChildren(root);
  choose("year", 365);
}
/** What was found is of an older text: said, not hidden. */
export function textChanged() {
  const old = root?.querySelector(".trial-old");
  if (old && tested) old.hidden = JSON.stringify(text()) === tested;
}
function periods() {
  const node = el("div", "switches", null, { role: "group", "aria-label": t("Period") });
  const words = { week: t("7 days"), month: t("30 days"), year: t("1 year"), years: t("4 years") };
  for (const [name, days] of PERIODS) {
    const button = el("button", "switch", words[name], { type: "button", "data-span": name });
    button.addEventListener("click", () => choose(name, days));
    node.append(button);
  }
  return node;
}
function choose(name, days) {
  root.to.value = day(now() + DAY_MS);
  root.from.value = day(now() - days * DAY_MS);
  press(name);
}
const press = (name) => { for (const one of root.querySelectorAll("[data-span]")) one.setAttribute("aria-pressed", String(one.dataset.span === name)); };
const day = (ms) => toLocal(ms).slice(0, 10);
function times() {
  const node = el("div", "trial-times");
  for (const [name, label] of [["from", t("From")], ["to", t("To (exclusive)")]]) {
    const one = el("label", "");
    const input = el("input", "field", null, { type: "text", name, autocomplete: "off", maxlength: "10", size: "10", placeholder: "2025-01-31" });
    input.addEventListener("input", () => press(""));
    one.append(el("span", "secondary", label), input);
    node.append(one);
  }
  return node;
}
function buttons() {
  const node = el("div", "rule-buttons");
  const cancel = el("button", "button", t("Stop"), { type: "button", hidden: "" });
  cancel.addEventListener("click", stop);
  node.append(el("button", "button", t("Back-test"), { type: "submit" }), cancel, el("progress", "", null, { max: "1", value: "0", hidden: "", "aria-label": t("Share that is done") }));
  return node;
}
export function stop() {
  running?.abort();
  running = null;
}
function busy(yes) {
  if (!root) return;
  root.querySelector("[type=submit]").disabled = yes;
  root.querySelector("progress").hidden = root.querySelector(".rule-buttons [type=button]").hidden = !yes;
  root.querySelector("progress").value = 0;
}
const say = (sentence) => { setText(root.querySelector(".trial-said"), sentence); };

/** Lines of progress, then the result; leaving the page or pressing Stop ends the work there. */
async function start() {
  const definition = text(), at = root;
  const [from, to] = ["from", "to"].map((name) => (/^\d{4}-\d{2}-\d{2}$/.test(root[name].value.trim()) ? fromLocal(`${root[name].value.trim()}T00:00:00`) : NaN));
  say("");
  if (Number.isNaN(from) || Number.isNaN(to)) return say(t("Write days as {example}.", { example: day(now()) }));
  stop();
  running = new AbortController();
  const mine = running;
  busy(true);
  try {
    const answer = await fetch(`${rulesUrl}/backtest`, {
      method: "POST", signal: mine.signal, headers: { ...headers(), Accept: "application/x-ndjson" },
      body: JSON.stringify({ definition, from: new Date(from).toISOString(), to: new Date(to).toISOString() }),
    });
    if (!answer.ok) throw new Error(refusal(await answer.json().catch(() => ({}))) || String(answer.status));
    for await (const line of linesOf(answer)) {
      if (at !== root) return;
      if (line.progress !== undefined) root.querySelector("progress").value = line.progress;
      if (line.problem) throw new Error(line.problem.detail);
      if (line.result) {
        tested = JSON.stringify(definition);
        draw(line.result);
      }
    }
  } catch (error) {
    if (at === root && error.name !== "AbortError") say(t("Not tested: {why}", { why: error.message }));
  }
  if (running === mine || running === null) busy(false);
}
const REFUSED = { order: () => t("the end must come after the beginning"), long: () => t("at most 20 years at once") };
/** In the reader's language, where it is known in it. */
function refusal({ errors = [], detail }) {
  const said = errors.map((one) => one.text?.[lang] ?? REFUSED[one.code]?.()).filter(Boolean);
  return said.join("; ") || detail;
}
async function* linesOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
    if (done) return;
  }
}

// ---- what was found

function draw(found) {
  const node = root.querySelector(".trial-found");
  const old = el("p", "trial-old", t("This is of an older text than the one in the form."), { hidden: "" });
  node.replaceChildren(old, el("p", "trial-sentence", sentence(found)), grades(found), facts(found), months(found), stations(found), episodes(found), rests(found));
  node.dataset.alerts = found.alerts;
}
function sentence(found) {
  const n = found.alerts;
  if (!found.series) return t("This rule covers no series.");
  if (!found.readings) return t("There are no stored readings in this period.");
  if (!n) return t("There would have been no alert.");
  const many = n === 1 ? t("There would have been 1 alert") : t("There would have been {n} alerts", { n: n.toLocaleString("en-US") });
  return many + (found.by_bad_data ? t(", {n} of them from bad data.", { n: found.by_bad_data.toLocaleString("en-US") }) : t(", none of them from bad data."));
}
function grades(found) {
  const node = el("p", "trial-grades");
  for (const [grade, count] of Object.entries(found.by_grade)) node.append(gradeTag(grade, count.toLocaleString("en-US")));
  return node;
}
const stamp = (iso) => (iso ? toLocal(Date.parse(iso)).replace("T", " ").slice(0, 16) : "—");
function facts(found) {
  const node = el("dl", "trial-facts");
  const add = (name, value) => { if (value) node.append(el("dt", "secondary", name), el("dd", "", value)); };
  const real = found.really;
  if (found.alerts) {
    add(t("In alarm, all series"), span(found.in_alarm_s));
    add(t("Longest"), `${found.longest.ended_at ? span(found.longest.length_s) : t("still open at the end")}, ${stationName(found.longest.station)}, ${stamp(found.longest.began_at)}`);
    add(t("First and last"), `${stamp(found.first.raised_at)} – ${stamp(found.last.raised_at)}`);
    add(t("Up again soon after"), found.chatter.toLocaleString("en-US"));
  }
  add(t("Really there were"), t("{n}: {found} of them found again, {missed} not; {fresh} would be new", { n: real.alerts, found: real.alerts - real.missed, missed: real.missed, fresh: real.only_back_tested }));
  return node;
}
/** Every month of the period: one without an alert is there, with none. */
function months(found) {
  const names = Object.keys(found.by_month);
  if (names.length < 2) return el("span");
  const all = [], last = names.at(-1);
  for (let [year, month] = names[0].split("-").map(Number); ; month === 12 ? (year++, month = 1) : month++) {
    const name = `${year}-${String(month).padStart(2, "0")}`;
    all.push(name);
    if (name >= last) break;
  }
  const most = Math.max(...Object.values(found.by_month));
  const node = el("figure", "trial-months");
  node.append(el("figcaption", "secondary", t("Alerts a month, {from} to {to}; most {most}", { from: all[0], to: all.at(-1), most })));
  const bars = el("div", "trial-bars", null, { role: "img", "aria-label": all.map((name) => `${name}: ${found.by_month[name] ?? 0}`).join(", ") });
  for (const name of all) {
    const bar = el("i", "", null, { title: `${name}: ${found.by_month[name] ?? 0}` });
    bar.style.height = `${(100 * (found.by_month[name] ?? 0)) / most}%`;
    bars.append(bar);
  }
  node.append(bars);
  return node;
}
function stations(found) {
  const some = Object.entries(found.by_station).sort((a, b) => b[1] - a[1]);
  if (some.length < 2) return el("span");
  const node = el("details", "trial-more");
  node.append(el("summary", "", t("By station: {n}", { n: some.length })));
  const table = el("table", "changes");
  for (const [code, count] of some) {
    const line = table.insertRow();
    line.append(el("th", "", stationName(code), { scope: "row" }), el("td", "figure", count.toLocaleString("en-US")));
  }
  node.append(table);
  return node;
}
function episodes(found) {
  if (!found.episodes.length) return el("span");
  const node = el("details", "trial-more", null, found.alerts <= 20 ? { open: "" } : {});
  node.append(el("summary", "", t("Each alert")));
  const holder = el("div", "table-holder", null, { tabindex: "0", role: "region", "aria-label": t("Each alert") });
  const table = el("table", "changes episodes"), head = el("tr");
  for (const name of [t("Grade"), t("Station"), t("Began"), t("Ended"), [t("Peak"), JSON.parse(tested).unit].filter(Boolean).join(" ")]) head.append(el("th", "", name, { scope: "col" }));
  table.append(el("thead"), el("tbody"));
  table.tHead.append(head);
  for (const one of found.episodes.slice(0, MOST_ROWS)) table.tBodies[0].append(episode(one));
  holder.append(table);
  node.append(holder);
  const rest = found.alerts - Math.min(found.episodes.length, MOST_ROWS);
  if (rest > 0) node.append(el("p", "secondary", t("and {n} more", { n: rest.toLocaleString("en-US") })));
  return node;
}
function episode(one) {
  const line = el("tr"), grade = el("td", "grade-cell");
  grade.append(shape(one.grade, false), el("span", "spoken", word(one.grade)));
  const peak = el("td", "figure", one.peak === null ? "—" : figure(one.peak, 2));
  if (one.bad_data) peak.append(" ", el("span", "mini dashed", t("bad data")));
  line.append(grade, el("td", "", one.station), el("td", "", stamp(one.began_at)), el("td", "", one.ended_at ? stamp(one.ended_at) : t("open")), peak);
  return line;
}
function rests(found) {
  const much = { readings: found.readings.toLocaleString("en-US"), series: found.series, s: figure(found.seconds, 2) };
  return el("p", "secondary trial-rests", t("{readings} readings of {series} series in {s} s. As if all had come in time; a mark that was made later counts as unknown then.", much));
}
