// The environment page: which part is shown, over which days, when it was read, and its file.

import { $, clock, fromLocal, lang, now, setText, t, toLocal } from "./core.mjs";
import { on } from "./state.mjs";
import * as air from "./air.mjs";
import * as discharge from "./discharge.mjs";
import * as live from "./live.mjs";
import { get } from "./read.mjs";

const EVERY_MS = 1_200_000; // what is judged is whole hours and days
const DAY_MS = 86_400_000;
const parts = { discharge, air };
const page = { view: "discharge", period: "yesterday", read: null, asked: 0 };
export const shown = {}; // what the last answers said; the tests look at it

export function start() {
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => view(button.dataset.view));
  for (const button of document.querySelectorAll("[data-period]")) button.addEventListener("click", () => period(button.dataset.period));
  air.start(read);
  on("tick", tick);
  on("first", read); // the server's clock has come, and days are its own
  live.start();
  press("period", page.period);
  view(location.hash === "#air" ? "air" : "discharge");
  setInterval(read, EVERY_MS);
  window.dongtai = Object.freeze({ shown, link: live.link });
}
function press(kind, name) {
  for (const button of document.querySelectorAll(`[data-${kind}]`)) button.setAttribute("aria-pressed", String(button.dataset[kind] === name));
}
function view(name) {
  page.view = name;
  history.replaceState(null, "", name === "discharge" ? location.pathname : `#${name}`);
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
