// The form that says what a tank holds: a figure in tonnes with the officer's name.

import { el, newKey, post, t, urls } from "../common/core.mjs";

let node = null, key = null, opener = null;

/** Open below the row of a tank; `done(plant)` after it was saved. */
export function open(row, plant, tank, done) {
  close();
  opener = row.querySelector("button");
  key = newKey();
  node = build(tank);
  node.addEventListener("submit", (event) => { event.preventDefault(); save(plant.code, tank, done); });
  node.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the desk's own keys rest
    if (event.key === "Escape") leave();
  });
  node.addEventListener("input", () => { key = newKey(); say(""); });
  row.append(node);
  node.quantity.focus();
}
export function close() {
  node?.remove();
  node = null;
}
function leave() {
  close();
  opener?.focus({ preventScroll: true });
}
function build(tank) {
  const form = el("form", "tank-form", null, { novalidate: "" });
  const cancel = el("button", "button small", t("Cancel"), { type: "button" });
  cancel.addEventListener("click", leave);
  form.append(
    field("quantity", t("{tank} holds, t", { tank }), { inputmode: "decimal", required: "", maxlength: "12" }),
    field("note", t("Note"), { maxlength: "500" }),
    el("button", "button small primary", t("Save"), { type: "submit" }), cancel, el("p", "tank-said", "", { role: "alert" }),
  );
  return form;
}
function field(name, label, attributes) {
  const root = el("label", "tank-field");
  root.append(el("span", "secondary", label), el("input", "field", null, { type: "text", autocomplete: "off", name, ...attributes }));
  return root;
}
const say = (text) => { if (node) node.querySelector(".tank-said").textContent = text; };

/** null: no number. A comma before three digits may part thousands or be the decimal one: refused. */
function tonnes(text) {
  const written = text.trim().replaceAll("，", ",");
  if (!/^\d+([.,]\d+)?$/.test(written) || /,\d{3}$/.test(written)) return null;
  return Number(written.replace(",", "."));
}
async function save(plant, tank, done) {
  const form = node, quantity_t = tonnes(form.quantity.value);
  if (quantity_t === null) {
    form.quantity.focus();
    return say(t("Write a number of tonnes, 0 or more, such as 1200.5."));
  }
  try {
    const url = `${urls.plants}/${encodeURIComponent(plant)}/tanks/${encodeURIComponent(tank)}/entries`;
    const answer = await post(url, { quantity_t, note: form.note.value.trim() }, key);
    const body = await answer.json();
    if (form !== node) return;
    if (!answer.ok) return say(body.errors?.[0]?.code === "over_full" ? t("More than the tank is designed for.") : body.detail);
    leave();
    done(body);
  } catch {
    say(t("Not saved: no connection. Try again."));
  }
}
