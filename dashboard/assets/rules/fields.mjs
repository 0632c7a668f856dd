// The fields of a rule's form, one maker for each type. A maker gives {node, get}; `get` gives
// undefined for what stands at its default.

import { GRADES, el, icon, metricName, shape, t, word } from "../common/core.mjs";
import { label, limitName, schemaOf, stationName, time } from "./words.mjs";

let lists = 0;

const text = (at, value, attributes = {}) => {
  const node = el("input", "field", null, { type: "text", autocomplete: "off", ...attributes, "aria-label": label(at.field.label), "aria-describedby": at.saidId });
  node.value = value ?? "";
  return node;
};
const trimmed = (node) => node.value.trim() || undefined;
/** A number as people write it; what is none stays text, and the server says so. So does "1,500":
    to one it is fifteen hundred, to another one and a half. */
function number(written) {
  const plain = written.trim().replaceAll("，", ",").replace("−", "-").replace(/^(-?\d+),(?!\d{3}$)(\d+)$/, "$1.$2");
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : written.trim();
}
const numberOf = (node) => (node.value.trim() === "" ? undefined : number(node.value));

const makers = {
  code: (at, value) => {
    const node = text(at, value, { maxlength: "40", spellcheck: "false" });
    node.readOnly = Boolean(value) && !at.fresh;
    return { node, get: () => trimmed(node) };
  },
  text: (at, value) => {
    const node = text(at, value, { maxlength: "60" });
    return { node, get: () => trimmed(node) };
  },
  unit: (at, value) => {
    const node = text(at, value, { maxlength: "20", size: "8" });
    let none = value === ""; // an index has no unit, which is said, not left out
    return { node, get: () => trimmed(node) ?? (none ? "" : undefined), offer: (unit) => { node.value = unit; none = unit === ""; } };
  },
  names: (at, value) => {
    const node = el("div", "two-names");
    const parts = [["zh", t("Chinese")], ["en", t("English")]].map(([code, name]) => {
      const area = el(at.field.group === "meaning" ? "textarea" : "input", "field", null, { lang: code, autocomplete: "off", "aria-label": `${label(at.field.label)}, ${name}`, "aria-describedby": at.saidId, ...(at.field.group === "meaning" ? { rows: "2" } : { type: "text" }) });
      area.value = value?.[code] ?? "";
      const root = el("label", "");
      root.append(el("span", "secondary", name), area);
      node.append(root);
      return [code, area];
    });
    return { node, get: () => (parts.some(([, area]) => area.value.trim()) ? Object.fromEntries(parts.map(([code, area]) => [code, area.value.trim()])) : undefined) };
  },
  number: (at, value) => {
    const node = text(at, value, { inputmode: "decimal", size: "10" });
    return { node, get: () => numberOf(node) };
  },
  seconds: (at, value) => {
    const node = el("div", "seconds");
    const input = text(at, value, { inputmode: "numeric", size: "8" });
    const said = el("span", "secondary");
    const say = () => { said.textContent = typeof numberOf(input) === "number" ? `s = ${time(numberOf(input))}` : "s"; };
    input.addEventListener("input", say);
    say();
    node.append(input, said);
    return { node, get: () => numberOf(input) };
  },
  flag: (at, value) => {
    const node = el("label", "check");
    const input = el("input", "", null, { type: "checkbox", "aria-labelledby": at.labelId });
    input.checked = Boolean(value);
    node.append(input, el("span", "secondary", label(at.field.hint)));
    return { node, get: () => input.checked || undefined, hintless: true };
  },
  choice: (at, value) => select(at, value, at.field.choices.map((one) => [one.code, label(one.label) || word(one.code)])),
  grade: (at, value) => select(at, value, GRADES.map((grade) => [grade, word(grade)])),
  kind: (at, value) => select(at, value, [...new Set([...schemaOf().stations.map((one) => one.kind), ...(value ? [value] : [])])].map((kind) => [kind, word(kind)])),
  metric: (at, value) => {
    const measured = new Set(schemaOf().stations.flatMap((one) => one.metrics.map((sensor) => sensor.metric)));
    const some = schemaOf().metrics.filter((one) => measured.has(one.code) || one.code === value);
    return select(at, value, some.map((one) => [one.code, `${metricName(one.code)}${one.unit ? `, ${one.unit}` : ""}`]).sort((a, b) => a[1].localeCompare(b[1])));
  },
  several: (at, value) => {
    const node = el("div", "several", null, { role: "group", "aria-labelledby": at.labelId });
    const boxes = at.field.choices.map((one) => {
      const root = el("label", "check");
      const box = el("input", "", null, { type: "checkbox", value: one.code });
      box.checked = (value ?? []).includes(one.code);
      root.append(box, label(one.label) || word(one.code));
      node.append(root);
      return box;
    });
    return { node, get: () => { const some = boxes.filter((box) => box.checked).map((box) => box.value); return some.length ? some : undefined; } };
  },
  stations: (at, value) => {
    const node = el("div", "chosen"), some = [...(value ?? [])], list = el("span", "chosen-list");
    const known = datalist(() => schemaOf().stations.filter((one) => !at.metric() || one.metrics.some((sensor) => sensor.metric === at.metric())).map((one) => [one.code, stationName(one.code)]));
    const input = text(at, "", { list: known.id, size: "12", placeholder: t("Code") });
    const draw = () => list.replaceChildren(...some.map((code, place) => {
      const tag = el("button", "mini chosen-one", null, { type: "button", "aria-label": t("Take {code} out", { code }) });
      tag.append(stationName(code), icon("i-close"));
      tag.addEventListener("click", () => { some.splice(place, 1); draw(); input.focus(); at.changed(); });
      tag.disabled = !at.may;
      return tag;
    }));
    const add = () => {
      for (const code of input.value.split(/[\s,，;；]+/).filter(Boolean)) if (!some.includes(code)) some.push(code);
      input.value = "";
      draw();
      at.changed();
    };
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } });
    input.addEventListener("change", add);
    input.addEventListener("focus", known.fill);
    draw();
    node.append(list, input, known);
    return { node, get: () => (some.length ? [...some] : undefined) };
  },
  limit: (at, value) => {
    const { input, known, called } = limitField(at, value);
    const node = el("div", "limit-one");
    node.append(input, called, known);
    return { node, get: () => numberOf(input) };
  },
  grades: (at, value) => {
    const node = el("div", "grades", null, { role: "group", "aria-labelledby": at.labelId });
    const parts = [...GRADES].reverse().map((grade) => {
      const root = el("label", "grade-limit"), { input, known, called } = limitField(at, value?.[grade]);
      input.removeAttribute("aria-label"); // the grade beside it is its name
      root.append(shape(grade, false), el("span", "spoken", word(grade)), input, called, known);
      node.append(root);
      return [grade, input];
    });
    return { node, get: () => { const said = parts.filter(([, input]) => input.value.trim()).map(([grade, input]) => [grade, number(input.value)]); return said.length ? Object.fromEntries(said) : undefined; } };
  },
  json: (at, value) => {
    const node = el("textarea", "field", null, { rows: "3", spellcheck: "false", "aria-label": label(at.field.label), "aria-describedby": at.saidId });
    node.value = value === undefined || value === null ? "" : JSON.stringify(value);
    return { node, get: () => { try { return node.value.trim() ? JSON.parse(node.value) : undefined; } catch { return node.value; } } };
  },
};
function select(at, value, choices) {
  const node = el("select", "field", null, { "aria-label": label(at.field.label), "aria-describedby": at.saidId });
  const all = choices.some(([code]) => code === value) || value === undefined || value === null ? choices : [[value, value], ...choices];
  if (!at.field.required || value === undefined) node.append(el("option", "", "—", { value: "" }));
  for (const [code, name] of all) node.append(el("option", "", name, { value: code }));
  node.value = value ?? at.field.default ?? "";
  return { node, get: () => (node.value === "" || node.value === at.field.default ? undefined : node.value) };
}
/** A number, or one of the limits that stations have, or a class of the metric. */
function limitField(at, value) {
  const known = datalist(() => {
    const named = schemaOf().stations.flatMap((one) => one.limits.filter((limit) => limit.metric === at.metric()).map((limit) => [limit.name, `${limit.zh} ${limit.en}`]));
    const classes = (schemaOf().classes[at.metric()] ?? []).map((one) => [one.name, `${one.zh} ${one.en}`]);
    return [...new Map([...named, ...classes])];
  });
  const input = text(at, value, { list: known.id, size: "10" });
  input.addEventListener("focus", known.fill);
  const called = el("span", "limit-called secondary");
  const say = () => { called.textContent = limitName(input.value.trim(), at.metric()); };
  input.addEventListener("input", say);
  say();
  return { input, known, called };
}
function datalist(choices) {
  const node = el("datalist", "", null, { id: `rule-known-${++lists}` });
  node.fill = () => node.replaceChildren(...choices().map(([value, name]) => el("option", "", name, { value })));
  return node;
}
export const make = (at, value) => (makers[at.field.type] ?? makers.json)(at, value);
