// The versions of a rule: who changed what, when and why.

import { el, t, toLocal } from "../common/core.mjs";
import { fieldLabel, valueText } from "./words.mjs";

/** take: puts a version's text into the form; null where nobody may. */
export function draw(list, versions, take) {
  list.replaceChildren(...versions.map((one, number) => version(one, number === 0 ? null : take)));
}
function version(one, take) {
  const node = el("li", "rule-version");
  const head = el("div", "version-head");
  head.append(el("b", "", t("Version {n}", { n: one.version })), el("span", "", one.author), el("time", "secondary", toLocal(Date.parse(one.created_at)).replace("T", " ").slice(0, 16), { datetime: one.created_at }));
  if (one.retired_at) head.append(el("span", "mini", t("retired")));
  if (take) {
    const button = el("button", "button small", t("Take this text"), { type: "button" });
    button.addEventListener("click", () => take(one));
    head.append(el("span", "spring"), button);
  }
  node.append(head, el("p", "version-reason", one.reason));
  if (one.changes.length) node.append(changes(one.changes));
  return node;
}
/** field, before, after, as a table. */
export function changes(some) {
  const table = el("table", "changes");
  const head = el("tr");
  for (const text of [t("Field"), t("Before"), t("After")]) head.append(el("th", "", text, { scope: "col" }));
  table.append(el("thead"), el("tbody"));
  table.tHead.append(head);
  for (const one of some) {
    const line = el("tr");
    line.append(el("th", "", fieldLabel(one.field), { scope: "row" }), el("td", "secondary", valueText(one.field, one.before)), el("td", "", valueText(one.field, one.after)));
    table.tBodies[0].append(line);
  }
  return table;
}
