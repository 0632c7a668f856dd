// The wallboard: starts its parts, turns the views, keeps itself alive without anybody at it.

import { $, el, now, setClass, setText, span, speak, t, toLocal, urls, wall } from "../common/core.mjs";
import { alerts, counts, emit, on, stations, tallyOf } from "../common/state.mjs";
import * as board from "./board.mjs";
import * as live from "../common/live.mjs";
import * as views from "./views.mjs";
import * as wall_map from "./map.mjs";
import * as plan from "./plan.mjs";

const FACTS_EVERY_MS = 60_000, VERSION_EVERY_MS = 300_000;
let state = plan.begin(performance.now());
let loaded = null; // local time of the first picture
let outdated = false, reloading = false;
let facts_at = -Infinity, version_at = performance.now();
export const local = () => Date.parse(`${toLocal(now())}Z`);
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function start() {
  clean();
  addEventListener("hashchange", clean);
  place();
  board.start();
  views.start();
  on("first", async () => {
    loaded = local();
    ask();
    await wall_map.start();
  });
  on("all", () => { ask(); look(); });
  on("change", (data) => data?.footprints && ask());
  on("signed-out", () => location.replace("/wall/enter"));
  on("tick", tick);
  live.start();
  window.dongtai = Object.freeze({ get map() { return wall_map.map; }, get turn() { return state; }, get outdated() { return outdated; }, stations, alerts, link: live.link });
}
/** A token has no place in the address, however it came there. */
function clean() {
  if (location.hash || location.search) history.replaceState(null, "", "/wall");
}
const waiting = () => ({ red: tallyOf("red").waiting, orange: tallyOf("orange").waiting });

function tick() {
  const burning = plan.burns(waiting()), ms = performance.now();
  const had = state;
  state = plan.turn(state, ms, { count: wall.views.length, pace: wall.pace_s * 1000, burning });
  if (plan.tongue(wall.language, had.rounds) !== plan.tongue(wall.language, state.rounds)) {
    speak(plan.tongue(wall.language, state.rounds));
    emit("language");
  }
  show();
  head();
  pixels(burning);
  if (live.link.state === "up" && ms - facts_at > FACTS_EVERY_MS) ask();
  if (live.link.state === "up" && ms - version_at > VERSION_EVERY_MS) look();
  renew(burning);
}

// ---- views and the top line

function place() {
  $("wall-place").append(el("span", "place-words"), el("span", "place-dots"));
  $("wall-place").lastChild.append(...wall.views.map(() => el("i")));
}
function show() {
  const name = wall.views[state.index];
  for (const view of ["alerts", "list", "water", "air"]) $(`view-${view}`).hidden = view !== name;
  const text = state.held ? t("Stays here: unclaimed") : t("View {n} of {all}", { n: state.index + 1, all: wall.views.length });
  setText($("wall-place").firstChild, text);
  $("wall-place").setAttribute("aria-label", text);
  [...$("wall-place").lastChild.children].forEach((dot, index) => setClass(dot, index === state.index ? "here" : ""));
}
function head() {
  const { silent } = counts(), age = live.link.newest ? Math.max(0, (now() - Date.parse(live.link.newest)) / 1000) : null;
  const words = $("wall-silent");
  if (!words.firstChild) words.append(el("span"), " ", el("b"));
  setText(words.firstChild, t("No data"));
  setText(words.lastChild, String(silent));
  setText($("wall-age"), age === null ? t("no data yet") : t("Data {span} ago", { span: span(age) }));
  setText($("sample-chip"), t("Sample data"));
  setText($("clock"), $("clock").textContent.slice(0, 5));
}

// ---- the screen itself: nothing stands for months, nothing glares at night

function pixels(burning) {
  const at = local(), [x, y] = plan.shift(at, still.matches ? 3_600_000 : 60_000);
  const root = document.documentElement.style;
  if (root.getPropertyValue("--shift-x") !== `${x}`) root.setProperty("--shift-x", `${x}`);
  if (root.getPropertyValue("--shift-y") !== `${y}`) root.setProperty("--shift-y", `${y}`);
  const dark = String(1 - plan.brightness(at, wall.night, burning));
  if (root.getPropertyValue("--dim") !== dark) root.setProperty("--dim", dark);
}

// ---- staying alive

async function get(url) {
  try {
    const answer = await fetch(url);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the link is down: the banner says so, and the next tick asks again
  }
}
async function ask() {
  facts_at = performance.now();
  const found = await get(urls.facts);
  if (found) emit("facts", found);
  else facts_at = performance.now() - FACTS_EVERY_MS + 10_000;
}
async function look() {
  version_at = performance.now();
  const found = await get(urls.version);
  if (found) outdated = found.version !== wall.version;
  return found !== null;
}
async function renew(burning) {
  const asked = { local: local(), loaded, at: wall.reload_at, within: wall.reload_within_min, name: wall.name, up: live.link.state === "up", burning, outdated };
  if (loaded === null || reloading || !plan.reloadDue(asked)) return;
  reloading = true;
  // A page that the server does not answer is a dead screen: it says that it is there, first.
  if ((await look()) && !plan.burns(waiting())) location.reload();
  else setTimeout(() => (reloading = false), 30_000);
}
