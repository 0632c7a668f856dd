// The replay's banner and time line: what moment is shown, where alerts arose, play, speed, jumps.

import { $, clock, date, el, fromLocal, GRADES, icon, named, present, remScale, replaying, setData, setText, shape, shortName, t, toLocal, urls } from "../common/core.mjs";
import { alerts, choose, on } from "../common/state.mjs";
import { held, onHeld } from "../common/held.mjs";
import { address, live, play, run, seek, setKnown, setSpeed, SPEEDS, step } from "./replay.mjs";
import { get } from "../common/read.mjs";

const DAY_MS = 86_400e3, HOUR_MS = 3600e3, ASK_MS = 60e3, DRAG_MS = 150;
const shown = { from: 0, to: 0, day: null, length: DAY_MS, live: false }; // the stretch of the time line; live: it ended at the present
let marks = [], shifts = [], leftOut = 0, markedFor = "", askedAt = -Infinity, dragging = null, sized = "";
const SVG = "http://www.w3.org/2000/svg";

export function start() {
  build();
  for (const speed of SPEEDS) {
    const button = el("button", "strip-speed", `${speed}×`, { type: "button", "data-speed": speed });
    button.addEventListener("click", () => setSpeed(speed));
    $("strip-speeds").append(button);
  }
  const acts = {
    "strip-play": toggle, "strip-back": () => step(-1), "strip-on": () => step(1), "past-back": live, "past-copy": copy,
    "strip-before": () => jump(-1), "strip-after": () => jump(1), "past-then": () => setKnown("then"), "past-now": () => setKnown("now"),
    "strip-day": () => stretch(DAY_MS), "strip-week": () => stretch(7 * DAY_MS), "replay-open": open, "replay-tab": open, "past-live": live,
  };
  for (const [id, act] of Object.entries(acts)) $(id)?.addEventListener("click", act);
  // A click must not keep the focus: the space bar plays, and would press the button again.
  for (const id of ["strip", "past"]) $(id).addEventListener("pointerdown", (event) => event.target.closest("button") && event.preventDefault());
  $("strip-slider").addEventListener("input", drag);
  $("strip-date").addEventListener("change", pickDay);
  document.addEventListener("keydown", onKey);
  onHeld(alarm);
  on("tick", draw);
  on("past", () => { markedFor = ""; draw(); });
  new ResizeObserver(() => draw()).observe($("strip"));
}
function build() {
  const sheet = node("svg", { id: "strip-marks", "aria-hidden": "true" });
  const slider = el("input", "strip-slider", null, { id: "strip-slider", type: "range", min: 0, max: 86400, step: 60, value: 86400, "aria-label": t("Moment shown") });
  $("strip-line").append(sheet, slider);
  $("strip-dates").append(el("input", "field", null, { id: "strip-date", type: "date", "aria-label": t("Day") }));
}
/** Once, when the desk has its first picture. */
export function once(act) {
  let done = false;
  on("first", () => { if (!done) { done = true; act(); } });
}
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), textarea, select")) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return; // it presses what has the focus
  const always = { r: open };
  const acts = replaying() ? { ...always, " ": toggle, l: live, ",": () => step(-1), ".": () => step(1), "[": () => jump(-1), "]": () => jump(1) } : always;
  const act = acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}
/** An hour back, standing still; the person goes on from there. */
function open() {
  if (!replaying()) seek(present() - HOUR_MS);
}
function toggle() {
  if (replaying()) play();
  else open();
}

// ---- what is said

/** The moment, large; alone many times a second. */
export function clockFace() {
  if (!replaying()) return;
  setText($("past-clock"), clock(run.at));
  setText($("past-date"), date(run.at));
  setText($("clock"), clock(run.at));
}
export function draw() {
  const past = replaying();
  $("past").hidden = !past;
  clockFace();
  setData($("past"), "known", past ? run.known : null);
  for (const known of ["then", "now"]) $(`past-${known}`).setAttribute("aria-pressed", String(run.known === known));
  setText($("past-said"), said());
  setText($("strip-word"), past ? t("Replay") : t("Live"));
  setText($("strip-hint"), past ? t("{speed} times as fast", { speed: run.speed }) : t("drag to replay"));
  const label = run.playing ? t("Pause") : past ? t("Play") : t("Replay");
  if ($("strip-play").dataset.label !== label) {
    setData($("strip-play"), "label", label);
    $("strip-play").replaceChildren(icon(run.playing ? "i-pause" : past ? "i-play" : "i-replay"));
    $("strip-play").setAttribute("aria-label", label);
    $("strip-play").title = label;
  }
  for (const button of $("strip-speeds").children) button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === run.speed));
  line();
  alarm();
}
function said() {
  if (!replaying()) return "";
  if (run.failed) return t("The past could not be read. Try again.");
  if (run.wanted !== null) return t("Fetching {at}", { at: clock(run.wanted) });
  if (run.ended) return t("The present is reached.");
  return run.known === "then" ? t("as it was known then") : t("as it is known now");
}
/** What burns now must be seen, whatever moment of the past is shown. */
function alarm() {
  const holder = $("past-live");
  if (!held.on) return;
  const waiting = held.waiting(), news = waiting.filter((alert) => alert.news);
  const worst = [...(news.length ? news : waiting)].sort((a, b) => GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade))[0];
  holder.hidden = !worst;
  if (!worst) return setText($("past-words"), "");
  const key = `${worst.grade}|${news.length}|${waiting.length}|${worst.id}`;
  if (holder.dataset.key === key) return;
  setData(holder, "key", key);
  setData(holder, "news", news.length ? "yes" : null);
  const where = shortName(worst.station_names) || named(worst.label);
  const text = news.length ? t("NOW: {n} new since you went back, {where}", { n: news.length, where }) : t("Now {n} to acknowledge", { n: waiting.length });
  holder.replaceChildren(shape(worst.grade, false), el("span", "past-full", text), el("span", "past-short", t("Now {n}", { n: waiting.length }), { "aria-hidden": "true" }));
  if (news.length) setText($("past-words"), text); // said aloud, once
}

// ---- the time line

function bounds() {
  const end = present();
  if (shown.day !== null) Object.assign(shown, { from: shown.day, to: shown.day + DAY_MS });
  else if (!replaying() || shown.to === 0) Object.assign(shown, { from: end - shown.length, to: end, live: true });
  const at = run.wanted ?? run.at;
  if (!replaying() || dragging) return;
  if (at < shown.from || at > shown.to) { // the moment has left it: so does the line
    const ends = Math.min(end, at + shown.length / 2);
    Object.assign(shown, { day: null, from: ends - shown.length, to: ends, live: ends === end });
  }
}
function line() {
  if (!$("strip").checkVisibility()) return;
  bounds();
  const slider = $("strip-slider"), at = run.wanted ?? run.at ?? present();
  const max = Math.round((shown.to - shown.from) / 1000);
  if (slider.max !== String(max)) slider.max = String(max);
  if (!dragging) slider.value = String(Math.round((at - shown.from) / 1000));
  slider.setAttribute("aria-valuetext", `${date(at)} ${clock(at)}`);
  setData($("strip"), "wanted", run.wanted !== null ? "yes" : null);
  $("strip-day").setAttribute("aria-pressed", String(shown.day === null && shown.length === DAY_MS));
  $("strip-week").setAttribute("aria-pressed", String(shown.day === null && shown.length !== DAY_MS));
  const field = $("strip-date"), today = toLocal(present()).slice(0, 10);
  if (field.max !== today) field.max = today;
  if (document.activeElement !== field) field.value = toLocal(at).slice(0, 10);
  ask();
  paint();
}
function stretch(length) {
  const at = run.at, end = present();
  Object.assign(shown, { day: null, length, to: end, from: end - length, live: true });
  if (replaying() && (at < shown.from || at > end)) Object.assign(shown, { to: at + length / 2, from: at - length / 2, live: false });
  draw();
}
function pickDay() {
  const from = fromLocal(`${$("strip-date").value}T00:00:00`);
  if (Number.isNaN(from) || from >= present()) return;
  Object.assign(shown, { day: from, length: DAY_MS, live: false });
  seek(from);
}
function drag() {
  const slider = $("strip-slider"), wanted = shown.from + Number(slider.value) * 1000;
  // The line stands still in a replay: its end is the present, however long ago the replay began.
  const toLive = wanted > present() - 5000 || (shown.live && slider.value === slider.max);
  clearTimeout(dragging);
  dragging = setTimeout(() => { dragging = null; }, 400);
  setText($("past-said"), clock(wanted));
  clearTimeout(drag.timer);
  drag.timer = setTimeout(() => (toLive && replaying() ? live() : seek(wanted)), DRAG_MS);
}
/** The alerts of the stretch; in live asked again each minute. */
async function ask() {
  const known = replaying() ? run.known : "then";
  const key = `${Math.round(shown.from / ASK_MS)}|${Math.round(shown.to / ASK_MS)}|${known}`;
  if (key === markedFor && performance.now() - askedAt < ASK_MS) return;
  [markedFor, askedAt] = [key, performance.now()];
  try {
    const found = await of(shown.from, shown.to);
    if (markedFor !== key) return;
    [marks, shifts, leftOut, sized] = [found.alerts, found.shifts, found.left_out, ""];
    paint();
  } catch {
    [marks, shifts, sized] = [[], [], ""]; // no marks rather than those of another stretch
  }
}
const of = (from, to) => get(`${urls.replay}/alerts?from=${new Date(from).toISOString()}&to=${new Date(Math.min(to, present())).toISOString()}&known=${replaying() ? run.known : "then"}`);
/** Bars from rise to end, a lane a grade; ticks of hours or days. */
function paint() {
  const sheet = $("strip-marks"), scale = remScale(), width = sheet.clientWidth / scale, height = sheet.clientHeight / scale;
  const key = `${scale}|${width}|${height}|${shown.from}|${shown.to}|${marks.length}`; // made anew when others have come
  if (!width || key === sized) return;
  sized = key;
  sheet.setAttribute("viewBox", `0 0 ${width} ${height}`); // shapes and words grow with the screen
  const x = (ms) => ((Math.min(Math.max(ms, shown.from), shown.to) - shown.from) / (shown.to - shown.from)) * width;
  const words = shifts.length > 0 && x(shown.from + 8 * HOUR_MS) > 90; // where there is room for them
  const top = words ? 13 : 4, lane = (height - 16 - top) / 4; // no mark lies on the words
  const drawn = [...marks].reverse().flatMap((mark) => {
    const from = x(Date.parse(mark.t)), to = x(mark.until ? Date.parse(mark.until) : present());
    const y = top + lane * (GRADES.indexOf(mark.grade) + 0.5);
    const bar = node("line", { class: "strip-bar", "data-grade": mark.grade, x1: from, x2: Math.max(to, from + 1), y1: y, y2: y });
    const size = Math.min(12, lane + 3);
    const use = node("use", { class: "strip-shape", "data-grade": mark.grade, href: `${urls.symbols}#grade-${mark.grade}`, x: from - size / 2, y: y - size / 2, width: size, height: size });
    const title = node("title", {});
    title.textContent = `${clock(Date.parse(mark.t)).slice(0, 5)} ${shortName(mark.station_names)} ${named(mark.label)}`;
    use.append(title);
    return Date.parse(mark.t) < shown.from ? [bar] : [bar, use];
  });
  sheet.replaceChildren(...ticks(x, width, height), ...(words ? begun(x, width, height) : []), ...drawn);
  setText($("strip-left"), leftOut ? t("{n} lesser alerts are not marked", { n: leftOut }) : "");
}
function ticks(x, width, height) {
  const hours = [1, 2, 3, 4, 6, 12, 24].find((each) => x(shown.from + each * HOUR_MS) > 64) ?? 24;
  const first = fromLocal(`${toLocal(shown.from).slice(0, 10)}T00:00:00`);
  const found = [node("line", { class: "strip-axis", x1: 0, x2: width, y1: height - 17, y2: height - 17 })];
  for (let at = first; at <= shown.to; at += hours * HOUR_MS) {
    if (at < shown.from) continue;
    const midnight = toLocal(at).slice(11, 16) === "00:00", place = x(at);
    found.push(node("line", { class: midnight ? "strip-tick midnight" : "strip-tick", x1: place, x2: place, y1: midnight ? 2 : height - 21, y2: height - 14 }));
    if (place < 18 || place > width - 18) continue;
    const words = node("text", { class: "strip-time", x: place, y: height - 3, "text-anchor": "middle" });
    words.textContent = midnight ? toLocal(at).slice(5, 10) : toLocal(at).slice(11, 16);
    found.push(words);
  }
  return found;
}
/** Where a shift began. */
const begun = (x, width, height) => shifts.flatMap((shift) => {
  const place = x(Date.parse(shift.t)), words = node("text", { class: "strip-shift", x: place + 4, y: 9 });
  words.textContent = named(shift.names);
  const tick = node("line", { class: "strip-tick midnight", x1: place, x2: place, y1: 2, y2: height - 17 });
  return place < width - 60 ? [tick, words] : [tick];
});
function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
/** To where the next or the last alert arose; beyond the stretch up to a month further. */
async function jump(by) {
  const at = run.wanted ?? run.at ?? present();
  const nearest = (list) => list.map((mark) => ({ mark, t: Date.parse(mark.t) }))
    .filter(({ t: rose }) => (by > 0 ? rose > at : rose < at - 2000))
    .sort((a, b) => by * (a.t - b.t))[0];
  let found = nearest(marks);
  try {
    if (!found) found = nearest((await of(by > 0 ? at : at - 30 * DAY_MS, by > 0 ? at + 30 * DAY_MS : at)).alerts);
  } catch {
    return setText($("past-said"), t("The past could not be read. Try again."));
  }
  if (!found) return setText($("past-said"), by > 0 ? t("No later alert") : t("No earlier alert within a month"));
  await seek(found.t + 1000);
  const alert = alerts.get(found.mark.id);
  if (alert) choose(alert.station, alert.metric, alert.id);
}
/** 2026-11-25T03:10:00+08:00 in the district. */
export function local(ms) {
  const text = toLocal(ms), offset = Math.round((Date.parse(`${text}Z`) - ms) / 60e3), two = (n) => String(Math.floor(n)).padStart(2, "0");
  return `${text}${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
}
/** The address is the link. Over plain http a browser has no clipboard for scripts: then by selection. */
async function copy() {
  address(); // while it plays the moment goes on
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(location.href);
    else bySelection();
    setText($("past-said"), t("Link copied"));
  } catch {
    setText($("past-said"), t("Copy the address of this page: it is the link."));
  }
}
function bySelection() {
  const field = el("textarea", "spoken", null, { readonly: "" });
  field.value = location.href;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("the browser copies nothing");
}
