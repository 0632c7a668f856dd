// The layers of the map: what is shown, chosen by the viewer. What is left out is said on the map.

import { $, el, icon, listed, named, setText, t, word } from "../common/core.mjs";
import { emit, on, stations } from "../common/state.mjs";
import { operatorLayers, outsideTiles } from "./base.mjs";
import { KINDS, choice, keep, toggled } from "./choice.mjs";

const things = () => [["plume", "i-people", t("Footprint")], ["water", "i-reservoir", t("Reservoirs: how full, m/h")], ["wind", "i-up", t("Wind arrows")], ["names", "i-table", t("Place names")]];
let map = null;

export function start() {
  $("map-layers").addEventListener("click", () => ($("layers-panel").hidden ? open() : close()));
  $("layers-close").addEventListener("click", close);
  $("map-hidden").addEventListener("click", open);
  $("layers-panel").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  on("map-style", (drawn) => { map = drawn; say(); if (!$("layers-panel").hidden) draw(); });
  for (const event of ["first", "all"]) on(event, () => { say(); if (!$("layers-panel").hidden) count(); });
  for (const event of ["map-bare", "measuring"]) on(event, hide); // one panel at a time: they share the map's right side
}
function open() {
  draw();
  $("layers-panel").hidden = false;
  $("map-layers").setAttribute("aria-expanded", "true");
  emit("layers-open");
  emit("map-float");
  $("layers-panel").querySelector("input")?.focus({ preventScroll: true });
}
function hide() {
  $("layers-panel").hidden = true;
  $("map-layers").setAttribute("aria-expanded", "false");
  emit("map-float");
}
function close() {
  hide();
  $("map-layers").focus({ preventScroll: true });
}
function tally() {
  const found = new Map();
  for (const { kind } of stations.values()) found.set(kind, (found.get(kind) ?? 0) + 1);
  return found;
}
function draw() {
  const there = tally(), own = map ? operatorLayers(map) : [];
  const kinds = KINDS.filter((kind) => there.has(kind)).map((kind) =>
    line({ image: `i-${kind}`, text: word(kind), count: String(there.get(kind)), kind, on: !choice.kinds.includes(kind) }, (shown) => change("kinds", toggled(choice.kinds, kind, !shown))));
  const shown = things().map(([key, image, text]) => line({ image, text, on: choice[key] }, (wanted) => change(key, wanted)));
  const layers = own.map((each) => line({ image: "i-layers", text: named(each), on: !choice.layers.includes(each.name) }, (shown) => change("layers", toggled(choice.layers, each.name, !shown))));
  const parts = [part(t("Stations"), kinds), part(t("On the map"), shown)];
  parts.push(part(t("The district's own layers"), layers.length ? layers : [el("p", "quiet", t("None are configured."))]));
  parts.push(part(t("Base map"), bases()));
  $("layers-body").replaceChildren(...parts);
}
function part(title, lines) {
  const set = el("fieldset", "layers-part");
  set.append(el("legend", "secondary", title), ...lines);
  return set;
}
/** A switch with its sign; the whole line can be clicked. */
function line({ image, text, count = "", kind = null, on: shown, type = "checkbox", name = null }, act) {
  const root = el("label", "layers-line"), box = el("input", null, null, { type });
  if (name) box.name = name;
  box.checked = shown;
  box.addEventListener("change", () => act(box.checked));
  root.append(box, icon(image), el("span", "layers-name", text), el("span", "layers-count quiet", count));
  if (kind) root.dataset.kind = kind;
  return root;
}
/** The own map is always there; outside tiles only where the operator has configured them. */
function bases() {
  const outside = outsideTiles();
  const choose = (which, text) => line({ image: "i-home", text, type: "radio", name: "base", on: outside ? choice.base === which : which === "own" }, () => change("base", which));
  if (!outside) return [choose("own", t("Own map")), el("p", "quiet", t("No outside tiles are configured: nothing leaves the network."))];
  return [choose("own", t("Own map")), choose("outside", outside.crs === "gcj02" ? t("Outside tiles (GCJ-02, moved into place)") : t("Outside tiles"))];
}
function count() {
  const there = tally();
  for (const row of $("layers-body").querySelectorAll("[data-kind]")) setText(row.querySelector(".layers-count"), String(there.get(row.dataset.kind) ?? 0));
}
function change(key, value) {
  keep({ [key]: value });
  say();
  emit("map-choice", key);
}
/** What is hidden, in words: nobody must take an emptied map for a quiet district. */
function say() {
  const there = tally(), kinds = choice.kinds.filter((kind) => there.has(kind));
  const away = [];
  if (kinds.length) away.push(t("Hidden: {names}", { names: listed(kinds.map(word)) }));
  if (!choice.plume) away.push(t("footprint hidden"));
  const layers = map ? operatorLayers(map).filter(({ name }) => choice.layers.includes(name)).length : 0;
  if (layers) away.push(t("layers hidden: {n}", { n: layers }));
  $("map-hidden").hidden = !away.length;
  setText($("map-hidden-words"), away.join(" · "));
}
