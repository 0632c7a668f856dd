// A warning to be read: the preview as the public has it, what differs, its steps. Text only, never markup.

import { clock, date, el, gradeWord, lang, moment, shape, t } from "../common/core.mjs";
import { CATEGORY, CERTAINTY, FIELDS, NOT_ACTUAL, RESPONSE, STATUS, TYPES, URGENCY, fieldName, say, stepWord } from "./words.mjs";

/** As on the city page: grade, what to do, where, until when. */
export function preview(content, language, type) {
  const said = (both) => both[language] || "—";
  const root = el("article", "preview", null, { "data-grade": content.grade, lang: language === "zh" ? "zh-CN" : "en" });
  if (type === "Cancel") root.dataset.off = "yes";
  const words = el("div", "preview-words");
  if (content.status !== "Actual") words.append(el("p", "preview-unreal", language === lang ? say(NOT_ACTUAL, content.status) : OTHER[content.status][language]));
  const grade = type === "Cancel" ? "" : `${language === lang ? gradeWord(content.grade) : GRADE[content.grade][language]}${language === "zh" ? "：" : ": "}`;
  words.append(el("h4", "", grade + said(content.headline)), el("p", "told", said(content.instruction)), el("p", "told secondary", said(content.description)));
  const until = content.expires ? `${date(Date.parse(content.expires))} ${clock(Date.parse(content.expires)).slice(0, 5)}` : "—";
  const line = language === "zh" ? `范围：${said(content.area.names)} · 有效至 ${until}` : `Where: ${said(content.area.names)} · valid until ${until}`;
  words.append(el("p", "quiet", line));
  root.append(...(type === "Cancel" ? [] : [shape(content.grade, false)]), words);
  return root;
}
// The preview speaks the other language too, whatever the screen's.
const OTHER = { Exercise: { zh: "演练，不是真实险情", en: "Exercise, not a real emergency" }, Test: { zh: "技术测试，请忽略", en: "Technical test, please disregard" } };
const GRADE = { red: { zh: "红色", en: "Red" }, orange: { zh: "橙色", en: "Orange" }, yellow: { zh: "黄色", en: "Yellow" }, blue: { zh: "蓝色", en: "Blue" } };

/** Both languages beside each other, and the rest in a line each. */
export function reading(one) {
  const { content } = one, root = el("div", "warn-reading");
  for (const name of ["event", "headline", "description", "instruction"]) root.append(pair(say(FIELDS, name), content[name]));
  root.append(pair(say(FIELDS, "area.names"), content.area.names));
  const rows = [
    [t("Message"), say(TYPES, one.type) + (one.number > 1 ? ` · ${t("no. {n} of this event", { n: one.number })}` : "")],
    [say(FIELDS, "grade"), gradeWord(content.grade)],
    [say(FIELDS, "response"), content.response.map((each) => say(RESPONSE, each)).join(", ") || "—"],
    [say(FIELDS, "status"), say(STATUS, content.status)],
    [say(FIELDS, "category"), content.category.map((each) => say(CATEGORY, each)).join(", ")],
    [say(FIELDS, "urgency"), say(URGENCY, content.urgency)],
    [say(FIELDS, "certainty"), say(CERTAINTY, content.certainty)],
    [say(FIELDS, "expires"), content.expires ? moment(content.expires) : "—"],
  ];
  if (one.alert) rows.push([t("Written of alert"), one.alert]);
  const list = el("dl", "warn-facts");
  for (const [name, value] of rows) list.append(el("dt", "secondary", name), el("dd", "", value));
  root.append(list);
  return root;
}
function pair(label, both) {
  const root = el("div", "warn-pair");
  root.append(el("h3", "secondary", label), el("p", "told", both.zh || "—", { lang: "zh-CN" }), el("p", "told", both.en || "—", { lang: "en" }));
  return root;
}

/** Before and after of each thing that an update changes. */
export function changes(before, after, names) {
  const root = el("section", "warn-part warn-changes");
  root.append(el("h3", "part-title", t("Differences to what is in force")));
  if (!names.length) root.append(el("p", "secondary", t("None: it says the same.")));
  for (const name of names) {
    const row = el("div", "warn-change");
    row.append(el("h4", "secondary", fieldName(name)), el("del", "told", text(before, name)), el("ins", "told", text(after, name)));
    root.append(row);
  }
  return root;
}
const table = (words) => (key) => say(words, key);
const WORDS = { grade: gradeWord, status: table(STATUS), urgency: table(URGENCY), certainty: table(CERTAINTY), category: table(CATEGORY), response: table(RESPONSE) };
function text(content, name) {
  if (name === "area.shape") return t("{n} polygons, {m} circles", { n: content.area.polygons.length, m: content.area.circles.length });
  if (WORDS[name]) return [content[name]].flat().map(WORDS[name]).join(", ") || "—";
  if (name === "expires" || name === "onset") return content[name] ? moment(content[name]) : "—";
  return name.split(".").reduce((part, key) => part?.[key], content) || "—";
}

/** Who did what, when and why. */
export function steps(life) {
  const root = el("section", "warn-part");
  root.append(el("h3", "part-title", t("Course of the warning")));
  const list = el("ol", "life");
  for (const step of life.steps) {
    const row = el("li", "step"), changed = step.changed.length ? t("changed: {what}", { what: step.changed.map(fieldName).join(", ") }) : "";
    row.append(el("time", "quiet", moment(step.at)), el("span", "", [stepWord(step.kind), step.who, step.reason, changed].filter(Boolean).join(" · ")));
    list.append(row);
  }
  root.append(list);
  return root;
}
