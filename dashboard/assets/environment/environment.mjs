// The environment page: which part is shown, over which days, when it was read, and its file.

import { $, clock, fromLocal, lang, now, setText, t, toLocal } from "../common/core.mjs";
import { on, stations } from "../common/state.mjs";
import * as air from "./air.mjs";
import * as discharge from "./discharge.mjs";
import * as thresholds from "./thresholds.mjs";
import * as live from "../common/live.mjs";
import * as roses from "./roses.mjs";
import * as spread from "./spread.mjs";
import * as trends from "./trends.mjs";
import { get } from "../common/read.mjs";

const EVERY_MS = 1_200_000; // what is judged is whole hours and days
const DAY_MS = 86_400_000;
// By the names of VIEWS in dashboard/pages/environment.py. Of a part: read, draw, file; where it has
// them start; open and place (what its address says beside its name), restore and link (after a ?):
// #thresholds/A-02/pm25_ugm3, #trends?s=A-01:pm25_ugm3.
const parts = { thresholds, trends, discharge, air, roses, spread };
const FIRST = Object.keys(parts)[0];
const page = { view: FIRST, period: "yesterday", read: null, asked: 0 };
export const shown = {}; // what the last answers said; the tests look at it

export function start() {
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => view(button.dataset.view));
  for (const button of document.querySelectorAll("[data-period]")) button.addEventListener("click", () => period(button.dataset.period));
  for (const [name, part] of Object.entries(parts)) part.start?.(() => page.view === name && read());
  on("tick", tick);
  on("first", read); // the server's clock has come, and days are its own
  live.start();
  press("period", page.period);
  open();
  addEventListener("hashchange", open);
  setInterval(read, EVERY_MS);
  window.dongtai = Object.freeze({ shown, link: live.link, stations });
}
function press(kind, name) {
  for (const button of document.querySelectorAll(`[data-${kind}]`)) button.setAttribute("aria-pressed", String(button.dataset[kind] === name));
}
/** The part that the address names, as it says; what names no part is the first one. */
function open() {
  const [path, said] = location.hash.slice(1).split("?");
  const [name, ...rest] = path.split("/").map(decode);
  const known = Object.hasOwn(parts, name) ? name : FIRST;
  parts[known].open?.(rest);
  if (said) parts[known].restore?.(new URLSearchParams(said));
  return view(known);
}
function remember() {
  const part = parts[page.view], place = part.place?.() ?? "", said = part.link?.();
  const plain = page.view === FIRST && !place && !said;
  history.replaceState(null, "", plain ? location.pathname : `#${page.view}${place}${said ? `?${said}` : ""}`);
}
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
function view(name) {
  page.view = name;
  press("view", name);
  for (const part of Object.keys(parts)) $(`view-${part}`).hidden = part !== name;
  $("periods").hidden = name !== "discharge";
  return read();
}
function period(name) {
  page.period = name;
  press("period", name);
  return read();
}
/** [from, to) of a period: whole days of the district but for today. */
function stretch(name) {
  const midnight = fromLocal(`${toLocal(now()).slice(0, 10)}T00:00:00`);
  const from = { today: midnight, yesterday: midnight - DAY_MS, week: midnight - 7 * DAY_MS, month: midnight - 30 * DAY_MS }[name];
  const to = name === "today" ? now() : midnight;
  return `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
}
/** An answer that comes after a newer question is left aside. */
async function read() {
  remember();
  const asked = ++page.asked;
  const part = parts[page.view];
  const query = stretch(page.view === "air" ? "month" : page.period);
  try {
    const found = await part.read(query, get, (some) => asked === page.asked && part.draw(some));
    if (asked !== page.asked) return;
    shown[page.view] = found;
    page.read = now();
    $("data-problem").hidden = true;
    part.draw(found);
    $("csv").href = `${part.file(query)}&format=csv&lang=${lang}`;
  } catch (error) {
    if (asked !== page.asked) return;
    setText($("data-problem"), t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: page.read ? clock(page.read) : "—" }));
    $("data-problem").hidden = false;
  }
  tick();
}
function tick() {
  setText($("data-as-of"), page.read ? t("as of {at}", { at: clock(page.read) }) : "");
}
