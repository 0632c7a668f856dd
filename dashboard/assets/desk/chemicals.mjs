// Hazardous chemicals in the drawer: a plant as a major hazard with its tanks, a gas beside its limits.

import { $, ageOf, ageText, el, figure, keyed, moment, named, now, setData, setText, span, t, urls } from "../common/core.mjs";
import { chosen, on, stations, valueState } from "../common/state.mjs";
import { outside } from "../common/mine.mjs";
import * as form from "./tank_form.mjs";

const EVERY_MS = 5000, OLD_MS = 30_000;
let plant = null; // as the API has it
let shown = null; // code of the plant that is asked for
let askedAt = 0, takenAt = 0, asking = false;
let substances = null; // code -> what is known of it

export function start() {
  on("chosen", look);
  on("tick", look);
  on("change", toxic);
}
function look() {
  const station = stations.get(chosen.station);
  const code = station?.kind === "plant" && !$("drawer").hidden ? station.code : null;
  if (code !== shown) {
    [shown, plant, askedAt] = [code, null, 0];
    form.close();
    hazard();
  }
  if (code && Date.now() - askedAt >= EVERY_MS) load();
  if (plant) hazard(); // ages count on, whether the server answers or not
  toxic();
}
async function load() {
  if (asking) return;
  const code = shown;
  asking = true;
  askedAt = Date.now();
  try {
    const answer = await fetch(`${urls.plants}/${encodeURIComponent(code)}`);
    if (answer.ok && code === shown) take(await answer.json());
  } catch {
    askedAt = Date.now(); // the link is down, which the banner says: the next tick asks again
  } finally {
    asking = false;
  }
}
function take(found) {
  plant = found;
  takenAt = now();
  hazard();
}

// ---- the plant: its grade by design and now

const GRADES = [null, ["一级", "grade 1"], ["二级", "grade 2"], ["三级", "grade 3"], ["四级", "grade 4"]];
const gradeWords = (grade) => named({ zh: GRADES[grade][0], en: GRADES[grade][1] });

function hazard() {
  $("drawer-hazard").hidden = !plant;
  if (!plant) return;
  const old = now() - takenAt > OLD_MS;
  setData($("drawer-hazard"), "old", old ? "yes" : null);
  setText($("hazard-standard"), old ? t("as of {at}", { at: moment(new Date(takenAt).toISOString()) }) : plant.standard);
  const rows = [[t("By design"), plant.design, t("the legal grade")], [t("Now"), plant.now, t("by what is there, no legal grade")]];
  keyed($("hazard-grades"), rows, ([name]) => name, makeGrade, fillGrade);
  keyed($("tanks"), plant.tanks, (tank) => tank.code, makeTank, fillTank);
  setText($("hazard-notes"), notes().join(t(". ")) + t("."));
}
function makeGrade([name, , meaning]) {
  const root = el("div", "hazard-row"), said = el("dd", "hazard-grade");
  root.append(el("dt", "secondary", name), said, el("dd", "hazard-sums quiet"), el("dd", "hazard-meaning quiet", meaning));
  return root;
}
function fillGrade(root, [, found]) {
  setText(root.querySelector(".hazard-grade"), gradeText(found));
  setText(root.querySelector(".hazard-sums"), sums(found));
}
function gradeText(found) {
  if (!found) return t("not known");
  return found.major ? gradeWords(found.grade) : t("no major hazard");
}
const sums = (found) => (found ? `S ${figure(found.s, 2)} · R ${figure(found.r, 1)}` : "");

/** What was assumed, in the order in which it matters. */
function notes() {
  const said = [];
  if (plant.left_out.length) said.push(t("Not counted for want of figures, so that both sums are lower bounds: {tanks}", { tanks: plant.left_out.join(", ") }));
  const full = plant.tanks.filter((tank) => tank.basis === "assumed full").map((tank) => tank.code);
  if (full.length) said.push(t("Counted as full, as nobody knows better: {tanks}", { tanks: full.join(", ") }));
  said.push(plant.people_assumed ? t("Residents within 500 m not counted: the greatest factor is taken")
    : t("{n} residents within 500 m ({source})", { n: plant.people_500m, source: plant.people_source }));
  if (plant.tanks.some((tank) => !tank.density_confirmed)) said.push(t("Densities are handbook values, unconfirmed"));
  if (plant.tanks.some((tank) => tank.factors_confirmed === false)) said.push(t("Hazard classes are our classification, unconfirmed"));
  return said;
}

// ---- its tanks

const BASIS = () => ({ measured: t("measured"), entered: t("entered"), "assumed full": t("assumed full") });

function makeTank() {
  const root = el("li", "tank");
  const bar = el("span", "tank-bar", null, { "aria-hidden": "true" });
  bar.append(el("span"));
  root.append(el("b", "tank-name"), el("span", "tank-amount"), bar, el("span", "tank-basis quiet"));
  if ($("drawer-hazard").dataset.enter === "yes" && !outside(stations.get(plant?.code)?.department)) {
    const button = el("button", "button small", t("Enter"), { type: "button" });
    button.addEventListener("click", () => form.open(root, plant, root.dataset.key, take));
    root.append(button);
  }
  return root;
}
function fillTank(root, tank) {
  setText(root.querySelector(".tank-name"), `${tank.code} ${tank.names ? named(tank.names) : tank.substance}`);
  setText(root.querySelector(".tank-amount"), `${tonnes(tank.quantity_t)} / ${tonnes(tank.design_t)} t`);
  const known = tank.quantity_t !== null && tank.design_t > 0;
  root.querySelector(".tank-bar").hidden = !known;
  if (known) root.querySelector(".tank-bar > span").style.width = `${(100 * Math.min(1, tank.quantity_t / tank.design_t)).toFixed(1)}%`;
  root.dataset.basis = tank.basis.split(" ")[0];
  const button = root.querySelector("button");
  button?.setAttribute("aria-label", t("Enter what {tank} holds", { tank: tank.code }));
  setText(root.querySelector(".tank-basis"), [BASIS()[tank.basis], ...basisText(tank)].join(" · "));
  root.title = tank.factors_source ? `Q ${tank.critical_t} t · β ${tank.beta} · ${tank.factors_source}` : "";
}
function basisText(tank) {
  const level = tank.level, percent = level && figure(level.percent, 0);
  if (tank.basis === "measured") return [`${percent} %`, ageText(ageOf(level.t), "fresh")];
  if (tank.basis === "entered") return [tank.entry.who, moment(tank.entry.t), tank.entry.note].filter(Boolean);
  if (!level) return [];
  return [level.usable ? t("level {percent} % is {span} old", { percent, span: span(ageOf(level.t)) }) : t("level {percent} % is not usable", { percent })];
}
const tonnes = (value) => (value === null ? "—" : figure(value, value >= 100 ? 0 : 1));

// ---- a gas beside its limits

/** The substance of the chosen metric, else the first that the station measures. */
function substanceOf(station) {
  const of = (metric) => Object.values(substances).find((each) => each.metric === metric);
  return of(chosen.metric) ?? Object.keys(station.latest).map(of).find(Boolean);
}
async function toxic() {
  const station = stations.get(chosen.station);
  const wanted = station && ["gas", "plant"].includes(station.kind);
  if (wanted && !substances) return learn();
  const found = wanted ? substanceOf(station) : null;
  const limits = found ? shownLimits(found) : [];
  $("drawer-toxic").hidden = !limits.length;
  if (!limits.length) return;
  setText($("toxic-title"), t("{substance}: limits of toxic effects, ppm", { substance: named(found.names) }));
  const latest = station.latest[found.metric];
  const state = latest ? valueState(station, latest) : "unknown";
  const value = ["fresh", "late"].includes(state) ? latest.value : null;
  keyed($("toxic"), limits, (limit) => limit.name, makeLimit, (node, limit) => fillLimit(node, limit, value));
  const open = limits.filter((limit) => !limit.confirmed).map((limit) => limit.name);
  const said = [t("AEGL and ERPG are for a mean over an hour, IDLH for a worker who flees within half an hour; a reading is of a moment")];
  if (open.length) said.push(t("Unconfirmed: {names}", { names: open.join(", ") }));
  setText($("toxic-notes"), said.join(t(". ")) + t("."));
}
/** AEGLs of an hour, where there is none ERPGs, which ask the same; then IDLH. */
function shownLimits({ limits }) {
  const of = (kind) => limits.filter(({ name, minutes }) => name.startsWith(kind) && (minutes === 60 || name === "IDLH"));
  const public_ = of("AEGL");
  return [...(public_.length ? public_ : of("ERPG")), ...of("IDLH")];
}
let learning = false;
async function learn() {
  if (learning) return;
  learning = true;
  try {
    const answer = await fetch(urls.substances);
    if (answer.ok) substances = Object.fromEntries((await answer.json()).substances.map((each) => [each.code, each]));
  } catch {
    substances = null; // the link is down, which the banner says: the next tick asks again
  } finally {
    learning = false;
  }
}
function makeLimit() {
  const root = el("li", "toxic-limit");
  root.append(el("span", "toxic-name"), el("span", "toxic-meaning quiet"), el("b", "toxic-ppm"), el("span", "toxic-now secondary"));
  return root;
}
const MEANING = () => ({
  "AEGL-1": t("discomfort"), "AEGL-2": t("lasting harm, or unable to flee"), "AEGL-3": t("danger to life"),
  "ERPG-1": t("mild effects"), "ERPG-2": t("serious effects"), "ERPG-3": t("danger to life"), IDLH: t("a worker must leave at once"),
});
function fillLimit(root, limit, value) {
  setText(root.querySelector(".toxic-name"), limit.name + (limit.confirmed ? "" : " *"));
  setText(root.querySelector(".toxic-meaning"), MEANING()[limit.name] ?? "");
  setText(root.querySelector(".toxic-ppm"), String(limit.ppm));
  const over = value !== null && value > limit.ppm;
  setText(root.querySelector(".toxic-now"), over ? t("exceeded") : "");
  root.dataset.over = over;
  root.title = limit.evidence;
}
