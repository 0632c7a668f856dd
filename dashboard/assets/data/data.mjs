// The data page: which part is shown, over which hours, and when it was read.

import { $, clock, now, setData, setText, t } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import * as books from "./books.mjs";
import * as complete from "./complete.mjs";
import * as quarantine from "./quarantine.mjs";
import * as live from "../common/live.mjs";
import { get } from "../common/read.mjs";

const EVERY_MS = 20_000;
const STATIONS_EVERY_MS = 60_000;
const page = { view: "books", hours: 24, read: null, asked: 0 };
export const shown = {}; // what the last answers said; the tests look at it

export function start() {
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => view(button.dataset.view));
  for (const button of document.querySelectorAll("[data-hours]")) button.addEventListener("click", () => hours(Number(button.dataset.hours)));
  books.start();
  quarantine.start(read);
  on("tick", tick);
  view(location.hash === "#quarantine" && document.querySelector('[data-view="quarantine"]') ? "quarantine" : "books");
  hours(24);
  setInterval(read, EVERY_MS);
  readStations();
  setInterval(readStations, STATIONS_EVERY_MS);
  live.start();
  window.dongtai = Object.freeze({ shown, link: live.link });
}
function view(name) {
  page.view = name;
  history.replaceState(null, "", name === "books" ? location.pathname : `#${name}`);
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  for (const part of ["books", "quarantine"]) $(`view-${part}`).hidden = part !== name;
  $("data-spans").hidden = name !== "books";
}
function hours(count) {
  page.hours = count;
  for (const button of document.querySelectorAll("[data-hours]")) button.setAttribute("aria-pressed", String(Number(button.dataset.hours) === count));
  return read();
}
/** Ask for all of it; an answer that comes after a newer question is left aside. */
async function read() {
  const asked = ++page.asked;
  const to = new Date(now() + 1000);
  const from = new Date(to - page.hours * 3600_000);
  const may = document.querySelector('[data-view="quarantine"]');
  try {
    const [ledger, kept] = await Promise.all([
      get(`/api/v1/ledger?from=${from.toISOString()}&to=${to.toISOString()}`),
      may ? get(quarantine.address()) : null,
    ]);
    if (asked !== page.asked) return;
    Object.assign(shown, { ledger, quarantine: kept });
    page.read = now();
    $("data-problem").hidden = true;
    books.draw(ledger, page.hours);
    if (kept) quarantine.draw(kept);
  } catch (error) {
    if (asked !== page.asked) return;
    setText($("data-problem"), t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: page.read ? clock(page.read) : "—" }));
    $("data-problem").hidden = false;
  }
  setData($("content"), "read", page.read ? "yes" : null);
  tick();
}
/** Apart: on a large site it takes its time, and nothing else waits for it. */
async function readStations() {
  try {
    shown.stations = await get("/api/v1/completeness");
    complete.draw(shown.stations);
  } catch (error) {
    complete.failed(error.message);
  }
}
function tick() {
  setText($("data-as-of"), page.read ? t("as of {at}", { at: clock(page.read) }) : "");
}
