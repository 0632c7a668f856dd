// How a person is reached: ways that are written once and shown masked ever after.

import { el, gradeWord, newKey, setText, t } from "../common/core.mjs";
import { act, input, said, select, send, value } from "./parts.mjs";

const all = "/api/v1/contacts";
const LANGUAGES = [["zh", "中文"], ["en", "English"], ["both", "中文 + English"]];
const GRADES = ["blue", "yellow", "orange", "red"];

/** The ways of one person with a form for another one; `then()` after each change. */
export function contacts(who, ways, then) {
  const holder = el("div", "acc-ways"), wrong = said();
  const list = el("ul", "acc-lines");
  for (const way of ways) {
    const row = el("li", "acc-line"), text = el("div", "acc-text");
    const language = LANGUAGES.find(([code]) => code === way.language)[1];
    text.append(el("b", "", way.label), el("code", "", way.masked), ...[language, t("from {grade} on", { grade: gradeWord(way.min_grade) })].map((fact) => el("span", "secondary", fact)));
    const remove = act(t("Remove"), `${all}/${way.id}/remove`, wrong, then);
    remove.setAttribute("aria-label", t("Remove the way {what}", { what: way.label }));
    row.append(text, remove);
    list.append(row);
  }
  if (!ways.length) list.append(el("li", "quiet", t("No way: alerts for this person go to the fallback.")));
  holder.append(list, wrong, form(who, then));
  return holder;
}
function form(who, then) {
  const node = el("form", "acc-form"), wrong = said();
  const label = input(t("Short name"), { maxlength: "20", required: "", pattern: "[A-Za-z0-9][A-Za-z0-9_.\\-]{0,19}", placeholder: "sms" });
  const url = input(t("Address (an Apprise URL; never shown again)"), { type: "password", autocomplete: "new-password", required: "", placeholder: "mailto://…" });
  const language = select(t("Language"), LANGUAGES, "zh");
  const grade = select(t("From which grade on"), GRADES.map((one) => [one, gradeWord(one)]), "blue");
  let key = newKey();
  node.append(label, url, language, grade, el("button", "button", t("Add"), { type: "submit" }), wrong);
  node.addEventListener("input", () => { key = newKey(); });
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { who, label: value(label), url: value(url), language: value(language), min_grade: value(grade) };
    const [, problem] = await send(all, body, key);
    setText(wrong, problem ?? "");
    if (!problem) await then();
  });
  return node;
}
