// Wallboards, for administrators: which there are and when each was last seen; made, revoked.

import { el, moment, newKey, setData, setText, t } from "../common/core.mjs";
import { get } from "../common/read.mjs";
import { act, input, said, secretBox, send, stamp, value } from "./parts.mjs";

const all = "/api/v1/walls";
const LANGUAGES = { zh: () => t("Chinese"), en: () => t("English"), both: () => t("Chinese and English in turn") };

/** Draw the section into `place`, from the server; `link`: of the wall that was just made. */
export async function draw(place, link = null, words = "") {
  let found;
  try {
    found = (await get(all)).walls;
  } catch (error) {
    place.replaceChildren(el("p", "mark-said", t("Could not be read: {why}.", { why: error.message }), { role: "alert" }));
    return [];
  }
  const head = el("div", "acc-head");
  head.append(el("h2", "", t("Wallboards")), el("p", "secondary", t("A screen that nobody sits at. It sees what the desk sees of the district, and can do nothing.")));
  const box = link ? [secretBox(link, t("Open this address on the wall's browser. It is shown this once, and works once."))] : [];
  const wrong = said();
  const again = (text) => draw(place, null, text);
  const list = el("ul", "acc-lines");
  list.append(...found.map((one) => line(one, wrong, again)));
  if (!found.length) list.append(el("li", "quiet", t("No wallboard.")));
  const there = part(t("In use and revoked"), list, wrong);
  place.replaceChildren(head, ...box, el("p", "acc-done", words, { role: "status" }), part(t("Add a wallboard"), form(place)), there);
  return found;
}
function part(title, ...nodes) {
  const node = el("section", "acc-part", null, { "aria-label": title });
  node.append(el("h3", "", title), ...nodes);
  return node;
}
function form(place) {
  const node = el("form", "acc-form");
  const name = input(t("Name"), { maxlength: "40", required: "", autocapitalize: "none", spellcheck: "false" });
  const wrong = said();
  node.append(name, el("button", "button primary", t("Add"), { type: "submit" }), wrong);
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [found, problem] = await send(all, { name: value(name) }, newKey());
    setText(wrong, problem ?? "");
    if (!problem) await draw(place, location.origin + found.address, t("Made."));
  });
  return node;
}
function line(one, wrong, again) {
  const row = el("li", "acc-line");
  const text = el("div", "acc-text");
  const facts = [
    [one.theme === "dark" ? t("dark") : t("light"), LANGUAGES[one.language]()].join(" · "),
    t("since {at}", { at: stamp(one.created_at) }),
    one.revoked_at ? t("revoked {at}", { at: stamp(one.revoked_at) })
      : one.entered_at ? [t("last seen {at}", { at: moment(one.seen_at) }), one.seen_from].filter(Boolean).join(" · ")
        : t("no device has taken it yet"),
  ];
  text.append(el("b", "", one.name), ...facts.map((fact) => el("span", "secondary", fact)));
  row.append(text);
  setData(row, "over", one.revoked_at ? "" : null);
  if (!one.revoked_at) row.append(revoke(one, wrong, again));
  return row;
}
/** Asks first: the screen goes blank at once. */
function revoke(one, wrong, again) {
  const holder = el("div", "acc-buttons");
  const first = el("button", "button small", t("Revoke"), { type: "button", "aria-label": t("Revoke the wallboard {what}", { what: one.name }) });
  first.addEventListener("click", () => {
    const sure = act(t("Revoke: its screen goes blank"), `${all}/${one.id}/revoke`, wrong, () => again(t("Revoked.")));
    const no = el("button", "button small", t("Cancel"), { type: "button" });
    no.addEventListener("click", () => { holder.replaceChildren(first); first.focus(); });
    holder.replaceChildren(sure, no);
    no.focus();
  });
  holder.append(first);
  return holder;
}
