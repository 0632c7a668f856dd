// Footprints of leaks: asked for when the stream says that they changed, tried under other wind.

import { gas, pastQuery, post, replaying, t, urls } from "../common/core.mjs";
import { chosen, emit, on, openAlerts } from "../common/state.mjs";
import * as card from "./plume_card.mjs";
import * as layer from "./plume_layer.mjs";

const EVERY_S = 30; // the wind turns; people read
const AGAIN_S = 5; // after an answer that was none
let all = []; // as the server has them, the gravest first
let subject = null; // key of the one that is shown
let other = null; // what if, in its place
let tried_with = null; // the values it was asked with
let due = true, asked = 0, asking = false, failed = false, tried = -Infinity;
const closed = new Set(); // keys whose card a person closed

export function start() {
  card.start({ close, open, back, what_if: whatIf, centre: () => emit("zoom-to", { bounds: layer.bounds(), zoom: 14.5, beside: "plume-card" }) });
  for (const event of ["first", "all"]) on(event, () => { due = true; follow(); });
  on("change", (data) => { due ||= data?.footprints !== undefined; follow(); });
  on("chosen", () => pick());
  on("tick", follow);
}
const key = ({ place, metric }) => `${place}|${metric}`;
const current = () => all.find((each) => key(each) === subject) ?? null;
const live = () => current()?.footprint ?? null;
/** What the map draws now, to be put back after a change of theme. */
export const shown = () => (subject && !closed.has(subject) ? other ?? live() : null);

/** Ask when they changed, and again and again while gas is out: an old picture is asked for anew. */
function follow() {
  const out = all.length > 0 || openAlerts().some(({ metric }) => gas.includes(metric));
  const waited_s = (performance.now() - tried) / 1000;
  const wanted = failed ? waited_s > AGAIN_S : due || (out && waited_s > EVERY_S);
  if (wanted && !asking) ask();
  else card.age(shown(), failed);
}
async function ask() {
  asking = true;
  due = false;
  tried = performance.now();
  try {
    const past = pastQuery();
    const answer = await fetch(past ? `${urls.replay}/footprints?at=${new Date(past.at).toISOString()}` : urls.footprints);
    failed = !answer.ok;
    const found = answer.ok ? (await answer.json()).footprints : null;
    if (replaying() !== Boolean(past)) due = true; // of another time than the one that is shown now
    else if (found) take(found);
  } catch {
    failed = true; // the link is down, which the banner says; what is shown grows old
  } finally {
    asking = false;
  }
}
/** A gas that nobody names has a leak, but nothing that could be drawn. */
function take(found) {
  const before = live()?.at;
  all = found.filter(({ footprint }) => footprint.headline);
  for (const gone of [...closed].filter((each) => !all.some((one) => key(one) === each))) closed.delete(gone);
  pick();
  if (other && live().at !== before) anew();
}
/** A what-if rests on what is measured, too: when that is new it is asked again, with the same values. */
async function anew() {
  card.say(await whatIf(tried_with));
}
/** That of the chosen station, else the one that is shown, else the gravest. */
function pick() {
  const of = (station) => all.find(({ place, sensors }) => place === station || sensors.includes(station));
  const wanted = (chosen.station && of(chosen.station)) || current() || all[0] || null;
  const next = wanted ? key(wanted) : null;
  if (next !== subject) other = null;
  subject = next;
  draw();
}
function draw() {
  const found = shown();
  card.show({ live: live(), found, what_if: other !== null, closed: subject !== null && closed.has(subject) });
  emit("plume", found);
}

// ---- what a person does

function close() {
  closed.add(subject);
  draw();
}
function open() {
  closed.delete(subject);
  draw();
}
function back() {
  other = null;
  asked += 1; // an answer on its way is no longer wanted
  draw();
}
/** values: fields of the question in place of what is measured. Returns a sentence, or null. */
async function whatIf(values) {
  const number = ++asked, of = subject, leak = current();
  tried_with = values;
  try {
    const answer = await post(urls.plume, { station: leak.sensors[0], metric: leak.metric, ...values }, crypto.randomUUID?.() ?? String(Math.random()));
    const found = await answer.json();
    if (number !== asked || of !== subject) return null;
    if (!answer.ok) return found.detail ?? t("Not computed ({status}).", { status: answer.status });
    other = found;
    draw();
    return null;
  } catch {
    return number === asked ? t("Not computed: no connection.") : null;
  }
}
