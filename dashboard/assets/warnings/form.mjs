// The editor: both languages beside each other, the area by polygon or place and radius, checks as one writes.

import { el, fromLocal, GRADES, gradeWord, lang as screen, named, now, shape, shortName, t, toLocal } from "../common/core.mjs";
import { stations } from "../common/state.mjs";
import * as map from "./map.mjs";
import { CATEGORY, CERTAINTY, RESPONSE, STATUS, URGENCY, FIELDS, fieldName, say } from "./words.mjs";

const BOTH = [["event", 1], ["headline", 1], ["instruction", 3], ["description", 3]];
let area = { polygons: [], circles: [] };

/** A form of a content; `changed()` after each change of it. */
export function build(content, changed) {
  const form = el("form", "warn-form", null, { novalidate: "" });
  area = { polygons: content.area.polygons, circles: content.area.circles };
  form.append(choices("status", Object.keys(STATUS).map((key) => [key, say(STATUS, key)]), content.status), grades(content.grade));
  for (const [name, rows] of BOTH) form.append(both(name, content[name], rows));
  form.append(both("area.names", content.area.names, 2), shapes(changed), expiry(content.expires), more(content));
  form.addEventListener("input", changed);
  for (const event of ["input", "focusout"]) form.addEventListener(event, ({ target }) => touched(form, target));
  form.addEventListener("submit", (event) => event.preventDefault());
  list(form, changed);
  return form;
}
function labelled(name, node, wide = "") {
  const root = el("div", `warn-field ${wide}`.trim(), null, { "data-of": name });
  root.append(el("span", "warn-label", say(FIELDS, name), { id: `warn-${name}-label` }), node, el("span", "field-said", "", { role: "alert" }));
  return root;
}
function choices(name, options, chosen) {
  const group = el("div", "choices", null, { role: "radiogroup", "aria-labelledby": `warn-${name}-label` });
  for (const [value, label] of options) {
    const node = el("label", "choice"), input = el("input", "", null, { type: "radio", name, value });
    input.checked = value === chosen;
    node.append(input, el("span", "", label));
    group.append(node);
  }
  return labelled(name, group);
}
function grades(chosen) {
  const root = choices("grade", GRADES.map((grade) => [grade, gradeWord(grade)]), chosen);
  for (const node of root.querySelectorAll(".choice")) {
    const grade = node.firstChild.value;
    node.lastChild.prepend(shape(grade, false));
    node.lastChild.dataset.grade = grade;
  }
  return root;
}
/** Chinese left, English right. */
function both(name, value, rows) {
  const root = el("fieldset", "warn-both", null, { "data-of": name });
  root.append(el("legend", "warn-label", say(FIELDS, name)));
  for (const lang of ["zh", "en"]) {
    const label = el("label", "warn-field", null, { "data-of": `${name}.${lang}` });
    const field = el("textarea", "field", null, { name: `${name}.${lang}`, rows: String(rows), lang: lang === "zh" ? "zh-CN" : "en", maxlength: "10000" });
    field.value = value[lang];
    label.append(el("span", "warn-lang quiet", lang === "zh" ? "中文" : "English"), field, el("span", "field-said", "", { role: "alert" }));
    root.append(label);
  }
  return root;
}
function select(name, table, chosen) {
  const node = el("select", "field", null, { name });
  for (const key of Object.keys(table)) {
    const option = el("option", "", say(table, key), { value: key });
    option.selected = key === chosen;
    node.append(option);
  }
  return labelled(name, node);
}
function many(name, table, chosen) {
  const group = el("div", "warn-checks", null, { role: "group", "aria-labelledby": `warn-${name}-label` });
  for (const key of Object.keys(table)) {
    const node = el("label", "check"), input = el("input", "", null, { type: "checkbox", name, value: key });
    input.checked = chosen.includes(key);
    node.append(input, say(table, key));
    group.append(node);
  }
  return labelled(name, group);
}
function more(content) {
  const root = el("details", "warn-more");
  root.append(el("summary", "", t("Urgency, certainty, category, response")), select("urgency", URGENCY, content.urgency), select("certainty", CERTAINTY, content.certainty),
    many("category", CATEGORY, content.category), many("response", RESPONSE, content.response));
  return root;
}

// ---- until when

const written = (ms) => toLocal(ms).replace("T", " ").slice(0, 16);
function expiry(expires) {
  const row = el("div", "warn-expiry");
  const field = el("input", "field", null, { name: "expires", type: "text", autocomplete: "off", maxlength: "30", "aria-labelledby": "warn-expires-label", placeholder: "2026-11-22 06:00" });
  field.value = expires ? written(Date.parse(expires)) : "";
  row.append(field);
  for (const hours of [1, 3, 6, 12]) {
    const button = el("button", "button small", t("{h} h from now", { h: hours }), { type: "button" });
    button.addEventListener("click", () => { field.value = written(now() + hours * 3600e3); field.dispatchEvent(new Event("input", { bubbles: true })); });
    row.append(button);
  }
  return labelled("expires", row);
}

// ---- where

function shapes(changed) {
  const root = el("div", "warn-shapes");
  const bar = el("div", "warn-shape-bar");
  const polygon = el("button", "button small", t("Draw on the map"), { type: "button" });
  polygon.addEventListener("click", () => map.begin((ring) => {
    if (!root.isConnected) return; // `area` is another form's by now
    if (ring) area = { ...area, polygons: [...area.polygons, ring] };
    moved(root.closest("form"), changed);
    polygon.focus({ preventScroll: true });
  }));
  bar.append(polygon, around(changed));
  root.append(bar, el("ul", "warn-shape-list"));
  return labelled("area", root);
}
/** A place and a radius: what the keyboard has in place of drawing. */
function around(changed) {
  const root = el("span", "warn-around");
  const place = el("select", "field", null, { "aria-label": t("Place"), name: "place" });
  const known = [...stations.values()].filter((station) => station.kind !== "camera").sort((a, b) => shortName(a.names).localeCompare(shortName(b.names)));
  for (const station of known) place.append(el("option", "", shortName(station.names), { value: station.code }));
  const radius = el("input", "field", null, { "aria-label": t("Radius, km"), name: "radius", type: "text", inputmode: "decimal", value: "1", maxlength: "6" });
  const add = el("button", "button small", t("Add circle"), { type: "button" });
  add.addEventListener("click", () => {
    const station = stations.get(place.value), radius_km = Number(radius.value.replace(",", "."));
    if (!station || !(radius_km > 0 && radius_km <= 100)) return complain(root.closest("form"), [{ where: "area", text: t("Give a place and a radius between 0 and 100 km.") }]);
    area = { ...area, circles: [...area.circles, { lon: station.at[0], lat: station.at[1], radius_km }] };
    moved(root.closest("form"), changed);
  });
  root.append(place, radius, el("span", "unit", "km"), add);
  return root;
}
function moved(form, changed) {
  list(form, changed);
  changed();
}
function list(form, changed) {
  const rows = [
    ...area.polygons.map((ring, index) => ["polygons", index, t("Polygon of {n} corners", { n: Math.max(0, ring.length - 1) })]),
    ...area.circles.map((circle, index) => ["circles", index, t("{km} km around {place}", { km: circle.radius_km, place: near(circle) })]),
  ];
  form.querySelector(".warn-shape-list").replaceChildren(...rows.map(([kind, index, text]) => {
    const row = el("li", "", text), away = el("button", "link-button", t("Remove"), { type: "button", "aria-label": t("Remove {what}", { what: text }) });
    away.addEventListener("click", () => { area = { ...area, [kind]: area[kind].filter((_, at) => at !== index) }; moved(form, changed); });
    row.append(" ", away);
    return row;
  }));
}
function near({ lon, lat }) {
  const found = [...stations.values()].find(({ at }) => Math.hypot(at[0] - lon, at[1] - lat) < 1e-4);
  return found ? named(found.names) : `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
}

// ---- out of the form, and what is wrong with it

/** The content as it is written; expires null where it cannot be read. */
export function read(form, before) {
  const of = (name) => ({ zh: form.elements[`${name}.zh`].value, en: form.elements[`${name}.en`].value });
  const checked = (name) => [...form.querySelectorAll(`input[name=${name}]:checked`)].map((input) => input.value);
  const expires = fromLocal(form.elements.expires.value.trim());
  return {
    ...before, status: form.elements.status.value, grade: form.elements.grade.value,
    urgency: form.elements.urgency.value, certainty: form.elements.certainty.value, category: checked("category"), response: checked("response"),
    event: of("event"), headline: of("headline"), description: of("description"), instruction: of("instruction"),
    area: { names: of("area.names"), ...area },
    expires: Number.isNaN(expires) ? null : new Date(expires).toISOString(),
  };
}
/** While it is being sent nothing is typed into it: the answer is of what was sent. */
export function freeze(form, yes) {
  form.inert = yes;
  form.setAttribute("aria-busy", String(yes));
}
/** Beside its field; what has none of its own at the area. */
/** Of a form that is new, what nobody has come to yet is not called wrong; the summary counts it all the same. */
function touched(form, target) {
  const holder = target.closest("[data-of]");
  if (!holder || holder.dataset.touched) return;
  holder.dataset.touched = "yes";
  complain(form, known.get(form) ?? []);
}
const known = new WeakMap(); // form -> what stands against it
export function complain(form, faults) {
  known.set(form, faults);
  const told = new Map();
  for (const { where, text } of faults) {
    const plain = where.replace(/^(body\.)?content\./, "").replace(/\[\d+\]$/, "");
    const holder = form.querySelector(`[data-of="${CSS.escape(plain)}"]`) ?? form.querySelector('[data-of="area"]');
    told.set(holder, [...(told.get(holder) ?? []), text]);
  }
  for (const holder of form.querySelectorAll("[data-of]")) {
    const said = [...holder.children].find((child) => child.classList.contains("field-said"));
    if (!said) continue;
    const text = form.dataset.fresh && !holder.dataset.touched ? "" : (told.get(holder) ?? []).join(" ");
    if (said.textContent !== text) said.textContent = text;
    const field = holder.querySelector("textarea, input[type=text]");
    if (field && !holder.matches("[data-of=area]")) field.setAttribute("aria-invalid", String(Boolean(text)));
  }
}
export const first = (form) => form.querySelector('[aria-invalid="true"]') ?? form.querySelector("textarea");
export const summary = (faults) => t("{n} things to mend before it can go out: {what}", { n: faults.length, what: [...new Set(faults.map(({ where }) => fieldName(where)))].join(screen === "zh" ? "、" : ", ") });
