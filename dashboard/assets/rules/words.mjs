// Rules in words: what one says in a line, and what its fields and values are called.

import { el, figure, lang, metricName, metrics, named, period, shape, word, t } from "../common/core.mjs";

let schema = null;
const fields = new Map(); // name -> field, those of lists too
export function setSchema(found) {
  schema = found;
  const put = (some) => some.forEach((one) => { if (!fields.has(one.name)) fields.set(one.name, one); put(one.fields ?? []); });
  put(found.fields);
}
export const schemaOf = () => schema;
export const label = (one) => one[lang] || one.en || "";
/** `grades.orange` -> Limits, Orange. */
export function fieldLabel(path) {
  return path.split(".").map((part) => {
    if (/^\d+$/.test(part)) return String(Number(part) + 1);
    if (fields.has(part)) return label(fields.get(part).label);
    return { zh: t("Chinese"), en: t("English") }[part] ?? word(part);
  }).join(" · ");
}
function choiceLabel(field, code) {
  const found = fields.get(field)?.choices?.find((one) => one.code === code);
  return (found && label(found.label)) || word(code);
}
export const time = (s) => (s % 3600 === 0 && s >= 3600 ? period(s) : s % 60 === 0 && s >= 60 ? t("{min} min", { min: s / 60 }) : t("{s} s", { s }));
/** A value of a definition, for people. */
export function valueText(path, value) {
  const name = path.split(".").filter((part) => !/^\d+$/.test(part))[0];
  if (value === null || value === undefined) return t("not said");
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (Array.isArray(value)) return value.length ? value.map((one) => (typeof one === "object" ? JSON.stringify(one) : choiceLabel(name, String(one)))).join(", ") : t("none");
  if (typeof value === "number") return name.endsWith("_s") ? time(value) : trimmed(value);
  if (name === "metric") return metricName(value);
  if (["grades", "low", "high", "limit"].includes(name)) return limitText(value, null);
  return ["when", "kind", "grade", "needs", "direction", "usual", "per"].includes(name) ? choiceLabel(name, value) : String(value);
}
const trimmed = (value) => figure(value, 6).replace(/\.?0+$/, "");
/** What a limit is called: the stations' own of that name, or a class of the metric; "" where it has no name. */
export function limitName(said, metric) {
  const fits = (one) => one.name === said && (metric === null || one.metric === metric);
  const own = schema?.stations.flatMap((one) => one.limits).find(fits);
  const classes = metric === null ? Object.values(schema?.classes ?? {}).flat() : schema?.classes[metric] ?? [];
  const found = own ?? classes.find((one) => one.name === said);
  return found ? label(found) : "";
}
/** A number, or what the limit of that name is called; metric null: of any. */
const limitText = (said, metric) => (typeof said === "number" ? trimmed(said) : limitName(said, metric) || said);
const joined = (grades, metric) => ["blue", "yellow", "orange", "red"].filter((grade) => grade in (grades ?? {})).map((grade) => limitText(grades[grade], metric)).join(" / ");
/** PM2.5 above a limit 75 / 150 µg/m³. */
export function sentence(d) {
  const unit = d.unit ?? metrics[d.metric]?.unit ?? "";
  const what = d.metric ? metricName(d.metric) : "";
  const how = d.usual === "neighbours" ? t("unlike the stations around") : choiceLabel("when", d.when ?? "");
  if (d.when === "no_data" || d.when === "offline") {
    const patience = d.patience_s ? time(d.patience_s) : d.patience_intervals ? t("{n} intervals", { n: d.patience_intervals }) : "";
    return [what, how, patience].filter(Boolean).join(" ");
  }
  if (d.of) return `${how}: ${d.of.map((one) => `${metricName(one.metric)} ${choiceLabel("when", one.when)} ${limitText(one.limit ?? "", one.metric)}`).join("; ")}`;
  const limits = d.when === "outside" ? `${joined(d.low, d.metric)} – ${joined(d.high, d.metric)}` : joined(d.grades, d.metric);
  return [what, how, limits, d.when === "rate" ? `${unit}/h` : unit].filter(Boolean).join(" ");
}
/** A grade's shape with its word. */
export function gradeTag(grade, count = null) {
  const node = el("span", "grade-tag");
  node.append(shape(grade, false), el("span", "", count === null ? word(grade) : `${word(grade)} ${count}`));
  return node;
}
export const stationName = (code) => {
  const found = schema?.stations.find((one) => one.code === code);
  return found ? `${named(found)} ${code}` : code;
};
