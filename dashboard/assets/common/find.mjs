// Search by name, code or pinyin initials; arrows and Enter choose.

import { $, el, icon, initials, shortName, t } from "./core.mjs";
import { alertsOf, choose, emit, stations } from "./state.mjs";

const MOST = 8;
let at = 0;

export function start() {
  const field = el("input", "field", null, {
    id: "search", type: "search", role: "combobox", autocomplete: "off", spellcheck: "false",
    placeholder: t("Name, code, initials"), "aria-label": t("Search by name, code, pinyin initials"),
    "aria-expanded": "false", "aria-controls": "search-list", "aria-autocomplete": "list",
  });
  $("search-holder").replaceChildren(field);
  field.addEventListener("input", show);
  field.addEventListener("focus", show);
  field.addEventListener("blur", () => setTimeout(hide, 120));
  field.addEventListener("keydown", onKey);
}
/** Stations that fit, the ones whose name or code begins so first. */
export function find(words) {
  const wanted = bare(words);
  if (!wanted) return [];
  const scored = [...stations.values()].map((s) => [score(s, wanted), s]).filter(([points]) => points > 0);
  return scored.sort((a, b) => b[0] - a[0] || a[1].code.localeCompare(b[1].code)).slice(0, MOST).map(([, s]) => s);
}
/** Who types "7号厂" or "7hc" means "7 号厂". */
const bare = (words) => words.toLowerCase().replace(/\s/g, "");
function score(station, wanted) {
  const words = [station.code, station.names.zh, station.names.en, initials[station.code] ?? ""].map(bare);
  if (words.some((w) => w === wanted) || bare(shortName(station.names)) === wanted) return 3;
  if (words.some((w) => w.startsWith(wanted))) return 2;
  return words.some((w) => w.includes(wanted)) ? 1 : 0;
}
function show() {
  const found = find($("search").value);
  at = 0;
  $("search-list").replaceChildren(...found.map(option));
  $("search-list").hidden = !$("search").value.trim();
  if (!found.length) $("search-list").append(el("li", "quiet option none", t("Nothing found")));
  mark();
}
function option(station) {
  const node = el("li", "option", null, { role: "option", id: `found-${station.code}`, "data-code": station.code });
  node.append(icon(`i-${station.kind}`), el("span", "option-name", shortName(station.names)), el("span", "quiet", station.code));
  node.addEventListener("mousedown", (event) => { event.preventDefault(); take(station.code); });
  return node;
}
function mark() {
  const options = [...$("search-list").querySelectorAll("[data-code]")];
  options.forEach((node, i) => node.setAttribute("aria-selected", String(i === at)));
  const field = $("search");
  field.setAttribute("aria-expanded", String(!$("search-list").hidden));
  if (options[at] && !$("search-list").hidden) field.setAttribute("aria-activedescendant", options[at].id);
  else field.removeAttribute("aria-activedescendant");
}
function onKey(event) {
  const options = $("search-list").querySelectorAll("[data-code]");
  if (event.key === "Escape") { hide(); event.target.blur(); }
  if (event.key === "Enter" && options[at]) take(options[at].dataset.code);
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  at = Math.min(options.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)));
  mark();
}
function hide() {
  $("search-list").hidden = true;
  mark();
}
function take(code) {
  const worst = alertsOf(code)[0];
  $("search").value = "";
  hide();
  $("search").blur();
  choose(code, worst?.metric ?? null, worst?.id ?? null);
  emit("centre");
}
