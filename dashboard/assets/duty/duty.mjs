// The duty page: starts its sections; each reads for itself, and says here when it could not.

import { $, clock, now, setText, t } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import * as chatter from "./chatter.mjs";
import * as live from "../common/live.mjs";
import * as receipts from "./receipts.mjs";
import * as rota from "./rota.mjs";
import * as score from "./score.mjs";
import * as shelved from "./shelved.mjs";
import * as stale from "./stale.mjs";

const EVERY_MS = 20_000;
// name -> module; each has `read()`, which asks and draws; `start()` too where it listens.
const SECTIONS = { score, shelved, stale, chatter, rota, receipts };
export const shown = {}; // name -> when it was last drawn, on the server's clock; the tests look at it
const wrong = new Map(); // name -> why it could not be read

export function start() {
  for (const section of Object.values(SECTIONS)) section.start?.();
  on("tick", tick);
  on("first", readAll);
  setInterval(readAll, EVERY_MS);
  live.start();
  window.dongtai = Object.freeze({ shown, read, link: live.link });
}
const readAll = () => Promise.all(Object.keys(SECTIONS).map(read));
async function read(name) {
  try {
    await SECTIONS[name].read();
    shown[name] = now();
    wrong.delete(name);
  } catch (error) {
    wrong.set(name, error.message);
  }
  problem();
}
/** What could not be read, and from when the oldest figures on the page are. */
function problem() {
  const oldest = Math.min(...[...wrong.keys()].map((name) => shown[name] ?? Infinity));
  setText($("data-problem"), wrong.size ? t("Could not be read: {why}. What is shown is from {at}.", {
    why: [...new Set(wrong.values())].join("; "), at: Number.isFinite(oldest) ? clock(oldest) : "—",
  }) : "");
  $("data-problem").hidden = wrong.size === 0;
  tick();
}
function tick() {
  const read_at = Object.values(shown);
  setText($("data-as-of"), read_at.length ? t("as of {at}", { at: clock(Math.min(...read_at)) }) : "");
}
