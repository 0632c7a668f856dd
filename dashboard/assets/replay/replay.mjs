// The past on the desk: another source of the events that the live stream gives, on a clock of its own.

import { present, setPast, replaying, setData, urls } from "../common/core.mjs";
import { crowd, change, emit, replaceAll } from "../common/state.mjs";
import { held } from "../common/held.mjs";
import * as bar from "./bar.mjs";
import { link } from "../common/live.mjs";
import * as notices from "../common/notices.mjs";
import { get } from "../common/read.mjs";

export const SPEEDS = [1, 10, 60, 600];
const FRAMES = 20, TICK_MS = 250;
/** Seconds of the past from frame to frame: a frame a second at 1× and 600×, two between. */
const stepOf = (speed) => (speed === 1 || speed === 600 ? speed : speed / 2);
// at: the moment that is shown; wanted: that somebody asked for and that is on its way.
export const run = { at: null, wanted: null, known: "then", speed: 60, playing: false, failed: false, ended: false };
let frames = []; // those to come, oldest first
let shown = 0, reached = 0; // the moment of the last frame on screen; how far frames have been fetched
let asking = false, turn = 0, before = 0;

export function start() {
  bar.start();
  setInterval(tick, TICK_MS);
  addEventListener("popstate", () => open(new URLSearchParams(location.search)));
  const asked = new URLSearchParams(location.search);
  if (asked.has("at")) bar.once(() => open(asked)); // when the desk has its first picture
}
/** A link to a moment: ?at=2026-11-25T03:10:00+08:00&speed=60&known=then. */
function open(asked) {
  const at = Date.parse((asked.get("at") ?? "").replace(/ (?=\d\d:\d\d$)/, "+")); // an unescaped + comes as a space
  if (Number.isNaN(at)) return replaying() ? live() : null;
  if (SPEEDS.includes(Number(asked.get("speed")))) run.speed = Number(asked.get("speed"));
  if (asked.get("known") === "now") run.known = "now";
  return seek(at);
}

// ---- there and back

/** Show a moment; what is on screen stays, under its own time, until the moment has come. */
export async function seek(ms) {
  const number = ++turn;
  asking = false;
  run.wanted = Math.min(ms, present() - 1000);
  run.ended = false;
  if (!replaying()) enter();
  bar.draw();
  try {
    const found = await get(`${urls.replay}/state?at=${iso(run.wanted)}&known=${run.known}`);
    if (number !== turn || !replaying()) return;
    run.failed = false;
    take(found);
  } catch {
    if (number !== turn) return;
    run.failed = true; // what is shown stays, and says of when it is
    run.playing = false;
  }
  run.wanted = null;
  bar.draw();
}
function take(found) {
  run.at = shown = reached = Date.parse(found.now);
  frames = [];
  before = performance.now();
  crowd.tally = found.tally;
  replaceAll(found.stations.features, found.alerts);
  notices.show(found.warnings);
  emit("all", found);
  emit("sought");
  emit("tick");
  address();
}
function enter() {
  held.hold();
  run.at ??= present();
  shown = reached = run.at;
  setPast({ at: () => run.at, known: () => run.known });
  setData(document.body, "replay", run.known);
  link.flood = null;
  notices.show([]);
  emit("past");
}
/** Back: what the stream has said meanwhile is there at once. */
export function live() {
  if (!replaying()) return;
  turn += 1;
  Object.assign(run, { at: null, wanted: null, playing: false, failed: false, ended: false });
  frames = [];
  setPast(null);
  setData(document.body, "replay", null);
  const { features, alerts, tally } = held.release();
  crowd.tally = tally;
  replaceAll(features, alerts);
  notices.show(held.notices);
  address();
  emit("all", {});
  emit("sought");
  emit("tick");
  emit("past");
  bar.draw();
}

// ---- what a person sets

export function play(on = !run.playing) {
  run.playing = on && replaying();
  run.ended = false;
  before = performance.now();
  bar.draw();
  address();
}
export function setSpeed(speed) {
  run.speed = speed;
  again();
}
export function setKnown(known) {
  run.known = known;
  if (!replaying()) return;
  setData(document.body, "replay", known);
  emit("past");
  seek(run.at);
}
/** One step of the speed's size: 10 s, 1 min, 10 min, 1 h. */
export function step(by) {
  run.playing = false;
  const size_s = { 1: 10, 10: 60, 60: 600, 600: 3600 }[run.speed];
  seek((run.wanted ?? run.at ?? present()) + by * size_s * 1000);
}
/** Frames of another speed begin where the last one on screen was. */
function again() {
  if (run.wanted !== null) return bar.draw(); // what comes begins anew by itself
  frames = [];
  reached = shown;
  if (replaying()) run.at = shown;
  turn += 1;
  asking = false;
  address();
  bar.draw();
}

// ---- time goes on

function tick() {
  const at = performance.now(), passed = at - before;
  before = at;
  if (!run.playing || run.wanted !== null || !replaying()) return;
  fetchAhead();
  const next = Math.min(run.at + Math.min(passed, 1000) * run.speed, reached); // never beyond what is known
  const due = frames.filter((frame) => Date.parse(frame.now) <= next);
  frames = frames.slice(due.length);
  run.at = next;
  for (const frame of due) put(frame);
  if (due.length === 0) bar.clockFace();
  else emit("tick");
  bar.draw();
}
function put(frame) {
  shown = Date.parse(frame.now);
  if (frame.warnings) notices.show(frame.warnings);
  if (frame.hello) {
    crowd.tally = frame.hello.tally;
    replaceAll(frame.hello.stations.features, frame.hello.alerts);
    return emit("all", frame.hello);
  }
  crowd.tally = frame.tally ?? crowd.tally;
  change(frame.stations, frame.alerts, [...(frame.over ?? []), ...(frame.stale ?? [])]);
  emit("change", frame);
}
/** Half of what was fetched is left: the next ones, so that nothing waits. */
async function fetchAhead() {
  const step_s = stepOf(run.speed);
  if (asking || run.ended || reached - run.at > (FRAMES / 2) * step_s * 1000) return;
  const number = turn;
  asking = true;
  try {
    const found = await get(`${urls.replay}/changes?from=${iso(reached)}&step_s=${step_s}&count=${FRAMES}&known=${run.known}`);
    if (number !== turn) return;
    run.failed = false;
    frames.push(...found.changes);
    run.ended = Date.parse(found.to) === reached; // the present: no whole step is left
    reached = Date.parse(found.to);
    if (run.ended) run.playing = false;
  } catch {
    if (number === turn) Object.assign(run, { failed: true, playing: false });
  } finally {
    if (number === turn) asking = false;
  }
  bar.draw();
}
const iso = (ms) => new Date(ms).toISOString();

// ---- the address is the link to the moment

export function address() {
  const asked = new URLSearchParams(location.search);
  for (const key of ["at", "speed", "known"]) asked.delete(key);
  const parts = asked.size ? [asked.toString()] : [];
  if (replaying()) parts.push(`at=${encodeURIComponent(bar.local(run.at))}`, `speed=${run.speed}`, `known=${run.known}`);
  history.replaceState(history.state, "", location.pathname + (parts.length ? `?${parts.join("&")}` : ""));
}
