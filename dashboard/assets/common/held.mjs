// What the live stream says while the past is on screen: kept aside, and put back in one go.

import { GRADES } from "./core.mjs";
import { alerts, crowd, stations } from "./state.mjs";

const features = new Map(), open = new Map(); // code -> feature, id -> alert, as they are now
let tally = null;
let before = null; // id -> grade, as its place in GRADES, of those that nobody had when the past was opened
// alerts(): those of now, whatever is shown.
export const held = { on: false, notices: [], hold, hello, change, release, waiting, alerts: () => (held.on ? open : alerts) };
const listeners = [];
export const onHeld = (listener) => listeners.push(listener);
const say = () => { for (const listener of listeners) listener(); };

/** From now on the stream fills this instead of the screen. */
function hold() {
  if (held.on) return;
  held.on = true;
  features.clear();
  open.clear();
  for (const [code, { at, ...properties }] of stations) features.set(code, { geometry: { coordinates: at }, properties });
  for (const [id, alert] of alerts) open.set(id, alert);
  tally = crowd.tally;
  before = null;
  before = new Map(waiting().map(({ id, grade }) => [id, GRADES.indexOf(grade)]));
}
function hello(data) {
  features.clear();
  open.clear();
  tally = data.tally ?? null;
  for (const feature of data.stations.features) features.set(feature.properties.code, feature);
  for (const alert of data.alerts) put(alert);
  say();
}
function change(data) {
  tally = data.tally ?? tally;
  for (const feature of data.stations ?? []) features.set(feature.properties.code, feature);
  for (const alert of data.alerts ?? []) put(alert);
  for (const id of [...(data.over ?? []), ...(data.stale ?? [])]) open.delete(id);
  say();
}
function put(alert) {
  if (alert.state === "ended") open.delete(alert.id);
  else open.set(alert.id, alert);
}
/** The present, and nothing is held any more. */
function release() {
  held.on = false;
  return { features: [...features.values()], alerts: [...open.values()], tally };
}
/** Those that want somebody now, each with `news`: it came, or grew graver, since the past was opened. */
function waiting() {
  return [...open.values()]
    .filter((alert) => !alert.ended_at && !alert.acknowledged_at && !alert.muted)
    .map((alert) => ({ ...alert, news: before !== null && GRADES.indexOf(alert.grade) < (before.get(alert.id) ?? Infinity) }));
}
