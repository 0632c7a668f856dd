// One's own account: who one is here, sessions on other screens, tokens for programs.

import { $, clock, el, newKey, now, setText, t, word } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import { act, input, said, secretBox, select, send, sessionList, stamp, tokenList, value } from "./parts.mjs";
import * as live from "../common/live.mjs";
import { get } from "../common/read.mjs";

const EVERY_MS = 20_000, DAYS = [7, 30, 90, 365];
const own = "/api/v1/account";
export const shown = {}; // the last answer; the tests look at it
let fresh = null; // the secret of a token just made, until the page is left

export function start() {
  on("first", read);
  live.start();
  setInterval(read, EVERY_MS);
  window.dongtai = Object.freeze({ shown, read, link: live.link });
}
async function read() {
  try {
    shown.account = await get(own);
    shown.at = now();
    $("data-problem").hidden = true;
    draw(shown.account);
  } catch (error) {
    setText($("data-problem"), t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: shown.at ? clock(shown.at) : "—" }));
    $("data-problem").hidden = false;
  }
  setText($("data-as-of"), shown.at ? t("as of {at}", { at: clock(shown.at) }) : "");
}
function draw(found) {
  const key = JSON.stringify(found);
  if (draw.key === key) return; // nothing new: what has the focus keeps it
  draw.key = key;
  person(found.account);
  sessions(found.sessions);
  tokens(found);
}
function person(one) {
  const facts = el("dl", "acc-facts");
  const add = (name, text) => facts.append(el("dt", "secondary", name), el("dd", "", text));
  add(t("Name"), one.name);
  add(t("Role"), word(one.role));
  add(t("Department"), one.department
    ? t("{code}: you see everything, and act on the stations of this department only", { code: one.department })
    : t("none: you act on every station that your role allows"));
  add(t("Account since"), stamp(one.created_at));
  const change = el("a", "button", t("Change password"), { href: "/password" });
  $("own-body").replaceChildren(facts, change);
}
function sessions(list) {
  const wrong = said();
  const nodes = [sessionList(list, (one) => `${own}/sessions/${one.id}/end`, wrong, read)];
  if (list.some((one) => !one.own)) nodes.push(act(t("End all others"), `${own}/sessions/end-others`, wrong, read));
  $("sessions-body").replaceChildren(...nodes, wrong);
}
function tokens(found) {
  const wrong = said();
  const held = $("tokens-body").querySelector("form");
  const list = tokenList(found.tokens, (one) => `${own}/tokens/${one.id}/revoke`, wrong, read);
  const box = fresh ? [secretBox(fresh, t("The new token. It is shown this once: copy it now."))] : [];
  $("tokens-body").replaceChildren(...box, list, wrong, held ?? form(found.roles, found.account.role));
}
function form(roles, role) {
  const node = el("form", "acc-form");
  const label = input(t("What it is for"), { maxlength: "80", required: "" });
  const may = select(t("It may"), roles.map((one) => [one, word(one)]), roles.includes("viewer") ? "viewer" : role);
  const days = select(t("Ends after"), DAYS.map((n) => [String(n), t("{n} days", { n })]), "90");
  const wrong = said();
  let key = newKey();
  node.append(label, may, days, el("button", "button", t("Make a token"), { type: "submit" }), wrong);
  node.addEventListener("input", () => { key = newKey(); });
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [made, problem] = await send(`${own}/tokens`, { label: value(label), role: value(may), days: Number(value(days)) }, key);
    setText(wrong, problem ?? "");
    if (problem) return;
    key = newKey();
    fresh = made.secret ?? t("It was made already; its secret was shown then.");
    label.querySelector("input").value = "";
    await read();
  });
  return node;
}
