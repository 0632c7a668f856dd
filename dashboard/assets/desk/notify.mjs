// Sound and notification for a new alert: made here, switched on by a click, muted with its end shown.

import { $, clock, gradeWord, GRADES, icon, named, present, setData, setText, shortName, t } from "../common/core.mjs";
import { held, onHeld } from "../common/held.mjs";
import { isOwned, on, unseen } from "../common/state.mjs";

const MUTE_MS = 15 * 60e3;
const GATHER_MS = 300, APART_MS = 4000; // one sound for a burst, and none on top of the last one
// Per grade: [Hz, start s, length s, loudness]. Graver is higher, faster, and longer.
const TUNES = {
  red: [[880, 0, 0.16, 0.5], [660, 0.18, 0.16, 0.5], [880, 0.36, 0.16, 0.5], [660, 0.54, 0.16, 0.5], [880, 0.72, 0.3, 0.5]],
  orange: [[740, 0, 0.2, 0.4], [740, 0.3, 0.2, 0.4], [740, 0.6, 0.2, 0.4]],
  yellow: [[587, 0, 0.22, 0.3], [587, 0.35, 0.22, 0.3]],
  blue: [[440, 0, 0.3, 0.2]],
};
const known = new Map(); // alert id -> its grade when it was last looked at and heard, as its place in GRADES
export const heard = []; // {grade, count, at} of this visit; the tests look at it
let audio = null, wanted = localStorage.getItem("sound") === "on", mutedUntil = Number(localStorage.getItem("sound-muted") ?? 0);
let waiting = [], timer = null, soundedAt = -Infinity;
let begun = false; // whether the desk has been given its alerts

export function start() {
  const button = $("sound");
  if (!button) return;
  button.hidden = false;
  button.prepend(icon("i-bell", "icon sound-on"), icon("i-bell-off", "icon sound-off"));
  button.addEventListener("click", turn);
  // A browser lets no page sound before somebody has touched it: until then the switch says so.
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => wanted && open(), { capture: true });
  on("first", () => { begun = true; fresh(); }); // what is there already is on the screen: no noise for opening a page
  on("change", hear);
  on("all", () => { begun = true; hear(); });
  onHeld(hear); // in a replay what comes now is heard all the same: who looks back may be alone
  on("tick", () => begun && hear()); // a shelf and a mute end without any event
  on("tick", show);
  show();
}
/** Off, on, muted for a while, off. Sound and notification ask for the browser's leave only here. */
function turn() {
  const muted = isQuiet();
  wanted = !muted;
  mutedUntil = 0;
  if (wanted && localStorage.getItem("sound") === "on") mutedUntil = present() + MUTE_MS;
  localStorage.setItem("sound", wanted ? "on" : "off");
  localStorage.setItem("sound-muted", String(mutedUntil));
  if (wanted && !mutedUntil) {
    open();
    play("blue"); // so that the volume can be set before it matters
    if ("Notification" in window && Notification.permission === "default") Notification.requestPermission().catch(() => {});
  }
  show();
}
function open() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume().then(show, show);
}
function show() {
  const muted = isQuiet();
  const silent = wanted && audio?.state !== "running";
  const word = !wanted ? t("Sound off") : muted ? t("Muted until {at}", { at: clock(mutedUntil).slice(0, 5) })
    : silent ? t("Sound waits for a click") : t("Sound on");
  setText($("sound-word"), word);
  setData($("sound"), "state", !wanted ? "off" : muted ? "muted" : silent ? "waits" : "on");
  $("sound").title = word;
  $("sound").setAttribute("aria-label", word);
}

/** The alerts that want somebody, new or graver than before; they count as heard from now on. What is set aside
 * is heard when that ends, and what comes while the sound is muted when the mute ends, if nobody has it by then. */
function fresh() {
  const found = [], alerts = held.alerts();
  // In a flood one may leave this desk and come back.
  if (!held.on && !unseen()) for (const id of [...known.keys()]) if (!alerts.has(id)) known.delete(id);
  for (const alert of alerts.values()) {
    const rank = GRADES.indexOf(alert.grade), graver = rank < (known.get(alert.id) ?? Infinity);
    const wants = graver && !isOwned(alert) && alert.state === "active";
    if (isSetAside(alert)) known.delete(alert.id);
    else if (!wants || !isQuiet()) known.set(alert.id, rank);
    if (wants && !isSetAside(alert) && !isQuiet()) found.push(alert);
  }
  return found;
}
const isSetAside = (alert) => Boolean(alert.muted) && !(Date.parse(alert.muted.until) <= present());
const isQuiet = () => wanted && mutedUntil > present();
function hear() {
  waiting.push(...fresh());
  if (waiting.length && timer === null) timer = setTimeout(burst, Math.max(GATHER_MS, soundedAt + APART_MS - performance.now()));
}
function burst() {
  const found = waiting.sort((a, b) => GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade));
  waiting = [];
  timer = null;
  if (isQuiet()) for (const { id } of found) known.delete(id); // muted a moment ago: heard when that ends
  if (!wanted || isQuiet()) return;
  soundedAt = performance.now();
  heard.push({ grade: found[0].grade, count: found.length, at: present() });
  play(found[0].grade);
  notice(found);
}
function play(grade) {
  if (audio?.state !== "running") {
    audio?.resume().then(() => audio.state === "running" && tones(grade), show);
    return;
  }
  tones(grade);
}
function tones(grade) {
  for (const [hertz, start_s, length_s, loudness] of TUNES[grade]) {
    const tone = audio.createOscillator(), level = audio.createGain(), at = audio.currentTime + start_s;
    tone.frequency.value = hertz;
    level.gain.setValueAtTime(0, at);
    level.gain.linearRampToValueAtTime(loudness, at + 0.015); // without a click at its ends
    level.gain.setValueAtTime(loudness, at + length_s - 0.03);
    level.gain.linearRampToValueAtTime(0, at + length_s);
    tone.connect(level).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length_s);
  }
}
/** Only where nobody looks at the page: who does sees it there. */
function notice(found) {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const [worst] = found;
  const place = worst.station_names ? `${shortName(worst.station_names)} · ` : "";
  const more = found.length > 1 ? ` ${t("and {n} more", { n: found.length - 1 })}` : "";
  const shown = new Notification(`${gradeWord(worst.grade)} · ${place}${named(worst.label)}${more}`, { body: named(worst.reason), tag: "dongtai" });
  shown.addEventListener("click", () => { window.focus(); shown.close(); });
}
