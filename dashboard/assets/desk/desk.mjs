// The duty desk: starts its parts in order, the keyboard, and what is said aloud.

import { $, gradeWord, metricName, ownAmount, replaying, setData, shortName, t } from "../common/core.mjs";
import { alerts, choose, chosen, emit, isMuted, isOn, isOwned, on, stations, toAcknowledge } from "../common/state.mjs";
import * as actions from "./actions.mjs";
import * as board from "./board.mjs";
import * as crowd from "./crowd.mjs";
import * as chart from "./chart.mjs";
import * as chartPng from "./chart_png.mjs";
import * as chemicals from "./chemicals.mjs";
import * as drawer from "./drawer.mjs";
import * as finder from "../common/find.mjs";
import * as list from "./list.mjs";
import * as cross from "../map/cross.mjs";
import * as live from "../common/live.mjs";
import * as marks from "./marks.mjs";
import * as notify from "./notify.mjs";
import * as desk_map from "../map/map.mjs";
import * as map_panel from "../map/panel.mjs";
import * as measure from "../map/measure.mjs";
import * as near from "../map/near.mjs";
import * as plume from "../map/plume.mjs";
import * as replay from "../replay/replay.mjs";

const known = new Set(); // alerts that have been announced

export function start() {
  board.start();
  list.start();
  crowd.start();
  chart.start();
  chartPng.start();
  drawer.start();
  actions.start();
  marks.start();
  chemicals.start();
  finder.start();
  plume.start();
  cross.start();
  map_panel.start();
  measure.start();
  near.start();
  notify.start();
  replay.start();
  document.addEventListener("keydown", onKey);
  on("first", begin);
  on("change", announce);
  on("all", announce);
  for (const [id, act] of Object.entries({ "zoom-in": () => desk_map.map?.zoomIn(), "zoom-out": () => desk_map.map?.zoomOut(), "zoom-home": () => emit("home") })) {
    $(id).addEventListener("click", act);
  }
  for (const tab of document.querySelectorAll("[data-tab]")) tab.addEventListener("click", () => show(tab.dataset.tab));
  show("list");
  live.start();
  window.dongtai = Object.freeze({ get map() { return desk_map.map; }, stations, alerts, chosen, link: live.link, get replay() { return seen(); } });
}
/** The first picture: the worst unclaimed alert is under the cursor, and open where there is room. */
async function begin() {
  for (const [id, alert] of alerts) if (!isMuted(alert)) known.add(id);
  const wanted = new URLSearchParams(location.search).get("station");
  const worst = toAcknowledge()[0];
  if (stations.has(wanted)) choose(wanted);
  else if (worst && matchMedia("(min-width: 1440px)").matches) choose(worst.station, worst.metric, worst.id);
  await desk_map.start();
  desk_map.firstView();
}
/** What the tests look at. */
const seen = () => ({ at: replay.run.at, wanted: replay.run.wanted, playing: replay.run.playing, on: replaying() });
/** New unclaimed alerts are said once; a new red one pulses for ten seconds at most. */
function announce() {
  if (replaying()) return; // what the past brings is no news
  const fresh = [...alerts.values()].filter((alert) => !known.has(alert.id) && !isMuted(alert)); // what comes back from the shelf is said then
  for (const { id } of fresh) known.add(id);
  const told = fresh.filter((alert) => isOn(alert) && !isOwned(alert) && !alert.found_afterwards);
  if (!told.length) return;
  const alert = told.find(({ grade }) => grade === "red") ?? told.at(-1);
  const [value, unit] = ownAmount(alert, alert.value);
  // Who listens cannot take in a flood: one is said, the gravest, and how many there are.
  const more = told.length > 1 ? t("{n} new alerts", { n: told.length }) + ". " : "";
  $("live-words").textContent = more + t("New {grade} alert: {name} {metric} {value}", {
    grade: gradeWord(alert.grade), name: shortName(alert.station_names), metric: metricName(alert.metric), value: `${value} ${unit}`,
  });
  if (alert.grade === "red") pulse();
}
function pulse() {
  const cell = document.querySelector(".cell[data-grade=red]");
  cell.classList.remove("pulse");
  void cell.offsetWidth;
  cell.classList.add("pulse");
}
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const acts = {
    j: () => list.step(1), k: () => list.step(-1), a: list.acknowledgeCurrent, s: actions.shelveCurrent, escape: drawer.close,
    m: () => { show("map"); emit("centre"); }, "/": () => $("search").focus(),
  };
  const act = acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}
/** Below 1024 px list and map take turns. */
function show(tab) {
  setData(document.body, "tab", tab);
  for (const node of document.querySelectorAll("[data-tab]")) if (node.tagName === "BUTTON") node.setAttribute("aria-pressed", String(node.dataset.tab === tab));
  desk_map.map?.resize();
}
