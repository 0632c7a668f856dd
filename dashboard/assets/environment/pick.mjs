// Which series: chips of what is chosen, and a search by name, code or pinyin initials, with a metric behind it.

import { el, metricName, metrics, setText, shortName, t } from "../common/core.mjs";
import { find } from "../common/find.mjs";
import { stations } from "../common/state.mjs";
import { s } from "../common/svg.mjs";

const MOST_OPTIONS = 24;
export const keyOf = (one) => `${one.station}:${one.metric}`;
export function parse(written) {
  const at = written.lastIndexOf(":");
  return at > 0 ? { station: written.slice(0, at), metric: written.slice(at + 1) } : null;
}
const nameOf = (code) => (stations.has(code) ? shortName(stations.get(code).names) : code);
export const unitOf = (metric) => metrics[metric]?.unit ?? "";

/** chosen: an array of {station, metric, limits}, changed in place. may(one): a reason against it, or "". */
export function make(holder, { id, chosen, most, limits, may = () => "", fits = () => true, changed }) {
  let at = 0, options = [];
  const chips = el("ul", "ana-chips");
  const list = el("ul", "ana-options", null, { id: `${id}-options`, role: "listbox", "aria-label": t("Series found"), hidden: "" });
  const field = el("input", "field", null, {
    id: `${id}-search`, type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: t("Add: name, code, initials; then a metric"),
    "aria-label": t("Add a series by name, code, pinyin initials"), "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  });
  const said = el("span", "ana-problem", "", { role: "alert" });
  const box = el("div", "ana-search");
  box.append(field, list);
  holder.replaceChildren(chips, box, said);
  field.addEventListener("input", search);
  field.addEventListener("focus", search);
  field.addEventListener("blur", () => setTimeout(hide, 150));
  field.addEventListener("keydown", key);

  function search() {
    const taken = new Set(chosen.map(keyOf));
    options = seek(field.value, fits).filter((one) => !taken.has(keyOf(one))).slice(0, MOST_OPTIONS);
    at = 0;
    list.replaceChildren(...options.map((one, n) => {
      const node = el("li", "ana-option", null, { role: "option", id: `${id}-option-${n}` });
      node.append(el("span", "", nameOf(one.station)), el("span", "", metricName(one.metric)), el("span", "quiet", one.station));
      node.addEventListener("mousedown", (event) => { event.preventDefault(); add(one); });
      return node;
    }));
    if (!options.length && field.value.trim()) list.append(el("li", "ana-option quiet", t("Nothing found"), { role: "option", "aria-selected": "false", "aria-disabled": "true" }));
    list.hidden = !field.value.trim();
    mark();
  }
  function mark() {
    options.forEach((_, n) => list.children[n].setAttribute("aria-selected", String(n === at)));
    field.setAttribute("aria-expanded", String(!list.hidden));
    if (!list.hidden && options[at]) {
      field.setAttribute("aria-activedescendant", `${id}-option-${at}`);
      list.children[at].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }
  function hide() {
    list.hidden = true;
    mark();
  }
  function key(event) {
    if (event.key === "Escape") hide();
    else if (event.key === "Enter" && options[at] && !list.hidden) add(options[at]);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % (options.length || 1);
      mark();
    } else return;
    event.preventDefault();
  }
  function add(one) {
    const against = chosen.length >= most ? t("at most {n} series; take one away first", { n: most }) : may(one);
    setText(said, against);
    if (against) return;
    chosen.push({ ...one, limits: false });
    field.value = "";
    hide();
    show();
    changed();
  }
  function show() {
    chips.replaceChildren(...chosen.map((one, n) => chip(one, n)));
    chips.hidden = !chosen.length;
  }
  function chip(one, n) {
    const node = el("li", "ana-chip");
    const name = `${nameOf(one.station)} ${metricName(one.metric)}`;
    node.append(swatch(n), el("span", "", name));
    if (limits) {
      const label = one.unlimited ? t("no limits") : t("Limits");
      const button = el("button", "ana-small", label, { ...(one.unlimited ? { disabled: "" } : {}), type: "button", "aria-pressed": String(Boolean(one.limits) && !one.unlimited), "aria-label": `${label} ${name}` });
      button.addEventListener("click", () => { one.limits = !one.limits; show(); chips.children[n]?.querySelector("button")?.focus(); changed(); });
      node.append(button);
    }
    const away = el("button", "ana-small", "×", { type: "button", "aria-label": t("Take away {name}", { name }) });
    away.addEventListener("click", () => { chosen.splice(chosen.indexOf(one), 1); setText(said, ""); show(); field.focus(); hide(); changed(); });
    node.append(away);
    return node;
  }
  show();
  return { show, say: (text) => setText(said, text) };
}
/** Its number and a piece of its line. */
export function swatch(n) {
  const node = s("svg", { class: "ana ana-swatch", viewBox: "0 0 34 16", width: 34, height: 16, "aria-hidden": "true" });
  node.append(s("text", { class: `ana-fill-${n + 1}`, x: 0, y: 12.5, "font-size": 12, "font-weight": 700 }, String(n + 1)), s("line", { class: `ana-line ana-line-${n + 1}`, x1: 12, x2: 34, y1: 8, y2: 8 }));
  return node;
}
/** "xg pm" finds Xiaogang's PM2.5 and PM10: the last word may name a metric. */
function seek(words, fits) {
  const whole = every(find(words), () => true);
  const parts = words.trim().split(/\s+/);
  const metric = parts.length > 1 ? parts.pop().toLowerCase() : "";
  const narrowed = metric ? every(find(parts.join(" ")), (code) => [code, metrics[code].zh, metrics[code].en].some((name) => name.toLowerCase().includes(metric))) : [];
  const seen = new Set();
  return [...narrowed, ...whole].filter((one) => fits(one.metric) && !seen.has(keyOf(one)) && seen.add(keyOf(one)));
}
const every = (found, wanted) => found.flatMap((station) => Object.keys(station.latest).filter((metric) => metrics[metric] && wanted(metric)).map((metric) => ({ station: station.code, metric })));
