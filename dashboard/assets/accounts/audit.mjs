// The audit, for administrators: who did and saw what; by person, action, object and time.

import { $, clock, el, fromLocal, keyed, now, setText, t, toLocal } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import { input, select, value } from "./parts.mjs";
import { deed, member, object, valueOf } from "./audit_words.mjs";
import * as live from "../common/live.mjs";
import { get } from "../common/read.mjs";

const EVERY_MS = 20_000;
const all = "/api/v1/audit";
const page = { entries: [], cursor: null, actions: [], asked: 0 };
const fields = {};
export const shown = {}; // what the last answer said; the tests look at it

export function start() {
  fields.who = input(t("Person"), { maxlength: "80" });
  fields.action = select(t("What was done"), [["", t("everything")]]);
  fields.object = input(t("Of what"), { maxlength: "200" });
  // Not datetime-local: it shows the browser's country's hours beside our clock of 24.
  fields.from = input(t("From"), { maxlength: "30", placeholder: "2026-11-28 08:00" });
  fields.to = input(t("To"), { maxlength: "30", placeholder: "2026-11-28 20:00" });
  $("audit-filter").replaceChildren(...Object.values(fields));
  let timer = null;
  $("audit-filter").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(read, 250); });
  $("audit-older").addEventListener("click", older);
  on("first", read);
  live.start();
  // Only the newest are read anew: who has gone back stays where they are.
  setInterval(() => { if (page.entries.length <= 50) read(); }, EVERY_MS);
  window.dongtai = Object.freeze({ shown, read, link: live.link });
}
/** Raises where a time is not one. */
function query() {
  const asked = new URLSearchParams();
  for (const name of ["who", "action", "object"]) if (value(fields[name])) asked.set(name, value(fields[name]));
  for (const name of ["from", "to"]) {
    const written = value(fields[name]), field = fields[name].querySelector("input");
    const at = written ? fromLocal(written) : NaN;
    if (written && !Number.isFinite(at)) {
      field.setAttribute("aria-invalid", "true");
      throw new Error(t("Write times as 2026-11-28 08:00."));
    }
    field.removeAttribute("aria-invalid");
    if (written) asked.set(name, new Date(at).toISOString());
  }
  return asked;
}
async function read() {
  const mine = ++page.asked;
  try {
    const asked = query();
    $("audit-export").href = `${all}/export?${asked}`;
    const found = await get(`${all}?${asked}`);
    if (mine !== page.asked) return; // another question was asked meanwhile
    Object.assign(page, found);
    Object.assign(shown, { entries: page.entries, at: now() });
    $("data-problem").hidden = true;
    draw();
  } catch (error) {
    setText($("data-problem"), t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: shown.at ? clock(shown.at) : "—" }));
    $("data-problem").hidden = false;
  }
  setText($("data-as-of"), shown.at ? t("as of {at}", { at: clock(shown.at) }) : "");
}
async function older() {
  const mine = page.asked;
  const asked = query();
  asked.set("cursor", page.cursor);
  const found = await get(`${all}?${asked}`).catch(() => null);
  if (!found || mine !== page.asked) return;
  page.entries = [...page.entries, ...found.entries];
  page.cursor = found.cursor;
  shown.entries = page.entries;
  draw();
}
function draw() {
  const chosen = fields.action.querySelector("select");
  if (chosen.options.length !== page.actions.length + 1) {
    const kept = chosen.value;
    chosen.replaceChildren(el("option", "", t("everything"), { value: "" }), ...page.actions.map((one) => el("option", "", deed(one), { value: one })));
    chosen.value = kept;
  }
  keyed($("audit-rows"), page.entries, (one) => one.id, make, () => {});
  $("audit-none").hidden = page.entries.length > 0;
  $("audit-older").hidden = !page.cursor;
}
function make(one) {
  const root = el("tr");
  const cells = [toLocal(Date.parse(one.at)).replace("T", " "), one.who, deed(one.action), object(one.object), one.address ?? "", detail(one.detail)];
  root.append(...cells.map((text, n) => el("td", ["audit-at", "audit-who", "audit-what", "audit-of", "audit-address", "audit-detail secondary"][n], text)));
  return root;
}
/** key: value, in the reader's words. */
const detail = (said) => Object.entries(said)
  .filter(([, of]) => of !== null && of !== "")
  .map(([name, of]) => `${member(name)}: ${valueOf(name, of)}`).join(" · ");
