// The link to the server: events in, and the truth about the link itself.

import { $, canaryAge, clock, date, isSample, now, present, setClass, setServerTime, setText, span, t, urls } from "./core.mjs";
import { held } from "./held.mjs";
import * as notices from "./notices.mjs";
import { change, crowd, emit, replaceAll, stations } from "./state.mjs";

const LOST_AFTER_MS = 5000; // a beat comes every 2 s
const TRY_AGAIN_MS = 1500;
const ANEW_AFTER_MS = 10_000; // a line that opened and says nothing is as dead as one that does not open
const ANEW_AT_MOST_MS = 30_000; // each try asks for the whole picture: a server that is slow with it is not asked ever more often
const WATCH_MS = 500;
let source = null;
let heardAt = null; // on this machine's clock: it measures silence, not age
let triedAt = null, watchedAt = null; // as above
let anewAfter_ms = ANEW_AFTER_MS;
let lostAt = null; // on the server's clock
let shownAt = null;
let backUntil = 0;
let signedOut = false;
let begun = false; // the first picture has come
export const link = { state: "connecting", newest: null, p95_s: null, silent: [], canary: null, flood: null };

export function start() {
  heardAt = performance.now();
  connect();
  setInterval(watch, WATCH_MS);
  setInterval(tick, 1000);
  tick();
}

function connect() {
  source?.close();
  triedAt = performance.now();
  source = new EventSource(urls.live);
  source.addEventListener("hello", (event) => hear(event, onHello));
  source.addEventListener("change", (event) => hear(event, onChange));
  source.addEventListener("beat", (event) => hear(event, onBeat));
  source.addEventListener("lost", (event) => onLost(JSON.parse(event.data)));
  source.addEventListener("resync", connect);
  source.onerror = () => {
    source.close();
    setTimeout(connect, TRY_AGAIN_MS);
    askWhy();
  };
}
/** A refused stream says nothing about why: ask whether we are still signed in. */
async function askWhy() {
  try {
    const answer = await fetch(urls.ask, { redirect: "manual" });
    signedOut = answer.status === 401 || answer.type === "opaqueredirect";
    if (signedOut) emit("signed-out");
  } catch {
    signedOut = false;
  }
}
function hear(event, act) {
  const data = JSON.parse(event.data);
  setServerTime(data.now);
  heardAt = performance.now();
  anewAfter_ms = ANEW_AFTER_MS;
  shownAt = present();
  signedOut = false;
  act(data);
}
function onHello(data) {
  if (held.on) {
    held.hello(data);
    link.newest = data.newest;
    return setState("up");
  }
  crowd.tally = data.tally ?? null;
  const differ = replaceAll(data.stations.features, data.alerts);
  const first = !begun; // not by the state: a first picture that is long in coming counts as a lost link before
  begun = true;
  if (link.state === "lost") {
    backUntil = performance.now() + 5000;
    setText($("banner-text"), t("Back, {n} changes", { n: differ }));
  }
  link.newest = data.newest;
  setState("up");
  emit(first ? "first" : "all", data);
}
function onChange(data) {
  if (held.on) {
    held.change(data);
    return link.state === "lost" && setState("up");
  }
  crowd.tally = data.tally ?? crowd.tally;
  change(data.stations ?? [], data.alerts ?? [], [...(data.over ?? []), ...(data.stale ?? [])]);
  if (link.state === "lost") setState("up");
  emit("change", data);
}
function onBeat(data) {
  if (link.state === "lost") setState("up");
  link.newest = data.newest;
  link.p95_s = data.screen_p95_s;
  link.silent = data.silent ?? [];
  link.canary = data.canary ?? null;
  held.notices = data.notices ?? [];
  if (!held.on) notices.show(held.notices);
  link.flood = held.on ? null : data.flood ?? null;
}
/** The server says that its database is away: what it would send is old. */
function onLost(data) {
  if (link.state === "lost") return;
  lostAt = Date.parse(data.since ?? data.now);
  setState("lost");
}
function setState(state) {
  link.state = state;
  document.body.dataset.link = state;
  tick();
}
/** Whether the server has been silent for too long; checked apart from any event. */
function watch() {
  const stood_ms = performance.now() - (watchedAt ?? performance.now());
  watchedAt = performance.now();
  // Where the page itself stood still, or is throttled, what came meanwhile has its turn first.
  if (stood_ms > 4 * WATCH_MS) setTimeout(judge, WATCH_MS / 5);
  else judge();
}
function judge() {
  const silent_ms = performance.now() - heardAt, tried_ms = performance.now() - triedAt;
  if (link.state !== "lost" && silent_ms > LOST_AFTER_MS - 600) {
    lostAt = present() - silent_ms;
    setState("lost");
    if (source.readyState === EventSource.OPEN) connect(); // an open line that says nothing is dead
  } else if (Math.min(silent_ms, tried_ms) > anewAfter_ms) {
    anewAfter_ms = Math.min(2 * anewAfter_ms, ANEW_AT_MOST_MS);
    connect();
  }
}

/** Once a second: clock, ages, banner. Everything that ages hangs on the event "tick". */
function tick() {
  const ms = now();
  setText($("clock"), clock(ms));
  setText($("clock-date"), date(ms));
  const words = { up: t("Link up"), lost: t("Link lost"), connecting: t("Connecting") };
  setText($("link-word"), words[link.state]);
  const age = link.newest ? Math.max(0, (present() - Date.parse(link.newest)) / 1000) : null;
  setText($("link-age"), age === null ? t("no data yet") : t("newest {span} ago", { span: span(age) }));
  setText($("link-p95"), link.p95_s === null || link.p95_s === undefined ? "" : link.p95_s.toFixed(1) + " s");
  setClass($("link-screen"), $("link-p95").textContent ? "wide" : "wide gone");
  canary();
  banner();
  // Recorded, simulated and exercise data say so at all times; only a live district has no chip.
  $("sample-chip").hidden = stations.size > 0 && [...stations.values()].every((s) => s.origin === "live" && !isSample(s.names));
  emit("tick");
}
/** How long the whole path took; an old canary is said in place of it, wherever there is room. */
function canary() {
  const one = link.canary;
  const { age_s, old } = canaryAge(one);
  setClass($("link-path"), one ? (old ? "wide old" : "wide") : "wide gone");
  if (!one) return;
  setText($("link-canary"), age_s === null ? t("never came back")
    : old ? t("missing for {span}", { span: span(age_s) }) : `${one.delay_s.toFixed(1)} s`);
}
/** A process of ours that no longer says that it lives: what it did is not being done. */
function silence({ process, since }) {
  const at = since ? clock(Date.parse(since)) : "—";
  return process === "alerts"
    ? t("Alerting has stopped, last sign of life {at}: nobody is told of new alerts, no silence is noticed.", { at })
    : t("Data collection has stopped, last sign of life {at}: values on screen stand still.", { at });
}
function banner() {
  const lost = link.state === "lost";
  const back = !lost && performance.now() < backUntil;
  $("banner").hidden = !lost && !back && !link.silent.length;
  if (!lost && link.silent.length) setText($("banner-text"), silence(link.silent[0]));
  if (!lost) return;
  const since = span(Math.max(0, (present() - (lostAt ?? present())) / 1000), true);
  const text = signedOut ? t("You have been signed out. This screen is no longer updated.")
    : t("Connection lost {at}. Screen shows {shown}. Trying again, {span}.", {
        at: lostAt ? clock(lostAt) : "—", shown: shownAt ? clock(shownAt) : "—", span: since,
      });
  setText($("banner-text"), text);
  $("banner-sign-in").hidden = !signedOut;
}
