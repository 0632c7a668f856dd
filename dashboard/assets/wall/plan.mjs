// What a wall shows when: turns of the views, night, the nightly reload, the shift of its pixels. Pure.
// Times are milliseconds; "local" counts them as if the district's own clock were UTC.

const DAY = 86_400_000, HOUR = 3_600_000, MINUTE = 60_000;
const NIGHT_LASTS = 2 * HOUR; // a reload that could not be in this time waits for the next night
const REST = 10 * MINUTE; // no two reloads closer than this, whatever the clocks say

/** Whether somebody must act: an unclaimed red or orange; waiting: {red, orange} counted by the server. */
export const burns = (waiting) => waiting.red + waiting.orange > 0;

/** The turn at the start: {index, since, rounds, held}. now: of a clock that never goes back. */
export const begin = (now) => ({ index: 0, since: now, rounds: 0, held: false });
/** The turn now. The first view stays while it burns; else each view has its pace, and no time that was slept is made up for. */
export function turn(had, now, { count, pace, burning }) {
  if (burning) return { index: 0, since: now, rounds: had.rounds, held: true };
  if (had.held) return { ...had, since: now, held: false };
  if (count < 2 || now - had.since < pace) return now < had.since ? { ...had, since: now } : had;
  const index = (had.index + 1) % count;
  return { index, since: now, rounds: had.rounds + (index === 0 ? 1 : 0), held: false };
}
/** The language of a round. */
export const tongue = (setting, rounds) => (setting === "both" ? ["zh", "en"][rounds % 2] : setting);

/** Minutes of the day of "HH:MM". */
export function minutes(text) {
  const [hours, rest] = text.split(":").map(Number);
  return hours * 60 + rest;
}
/** Whether a local time lies in begins..ends, over midnight too; the same time twice is no night. */
function isNight(local, begins, ends) {
  const at = Math.floor((((local % DAY) + DAY) % DAY) / MINUTE);
  return begins <= ends ? at >= begins && at < ends : at >= begins || at < ends;
}
/** The share of its brightness. What burns is never dimmed. */
export function brightness(local, night, burning) {
  return !burning && isNight(local, minutes(night.begins), minutes(night.ends)) ? night.brightness : 1;
}

/** A number in 0..1 of its own for every name: walls do not all reload at once. */
export function fraction(name) {
  let sum = 2166136261;
  for (const character of name) sum = Math.imul(sum ^ character.codePointAt(0), 16777619) >>> 0;
  sum = Math.imul(sum ^ (sum >>> 15), 2246822507) >>> 0;
  return ((sum ^ (sum >>> 13)) >>> 0) / 4294967296;
}
/**
 * Whether to load the page anew: at its minute of the night, or because another version is served.
 * Never while the link is down or it burns. local, loaded: now and when the page came.
 */
export function reloadDue({ local, loaded, at, within, name, up, burning, outdated }) {
  if (!up || burning || local - loaded < REST) return false;
  if (outdated) return true;
  const offset = (minutes(at) + within * fraction(name)) * MINUTE;
  const due = Math.floor((local - offset) / DAY) * DAY + offset; // the last one
  return loaded < due && local - due < NIGHT_LASTS;
}

const STEP = 3, REACH = 4; // in 1/3840 of the width; so many steps to each side
/** Where the picture stands in this minute, [x, y]: a slow walk in which no pixel shows the same for an hour. */
export function shift(local, every = MINUTE) {
  const n = Math.floor(local / every), period = 4 * REACH;
  const walk = (k) => Math.abs((((k % period) + period) % period) - 2 * REACH) - REACH;
  return [STEP * walk(n), STEP * walk(Math.floor(n / 3) + REACH)];
}
