// Accounts, for administrators: who there is, made, changed, disabled; where they are signed in.

import { $, clock, el, keyed, lang, moment, newKey, now, setData, setText, t, user, word } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import { ROLES, act, input, said, secretBox, select, send, sessionList, stamp, tokenList, value } from "./parts.mjs";
import { contacts } from "./contacts.mjs";
import * as walls from "./walls.mjs";
import * as live from "../common/live.mjs";
import { get } from "../common/read.mjs";

const EVERY_MS = 20_000;
const all = "/api/v1/accounts";
const address = (name, rest = "") => `${all}/${encodeURIComponent(name)}${rest}`;
const page = { people: [], departments: [], name: null, find: "", secret: null };
export const shown = {}; // what the last answers said; the tests look at it

export function start() {
  const find = el("input", "field", null, { type: "search", "aria-label": t("Find an account"), placeholder: t("Find an account"), autocomplete: "off" });
  find.addEventListener("input", () => { page.find = find.value.trim().toLowerCase(); list(); });
  $("people-find").replaceChildren(find);
  $("person-new").addEventListener("click", newPerson);
  $("walls").addEventListener("click", wallboards);
  on("first", read);
  live.start();
  setInterval(read, EVERY_MS);
  window.dongtai = Object.freeze({ shown, read, link: live.link });
}
async function read() {
  try {
    const found = await get(all);
    Object.assign(page, { people: found.accounts, departments: found.departments });
    Object.assign(shown, { people: found.accounts, at: now() });
    $("data-problem").hidden = true;
    list();
  } catch (error) {
    setText($("data-problem"), t("Could not be read: {why}. What is shown is from {at}.", { why: error.message, at: shown.at ? clock(shown.at) : "—" }));
    $("data-problem").hidden = false;
  }
  setText($("data-as-of"), shown.at ? t("as of {at}", { at: clock(shown.at) }) : "");
}

// ---- the list

const isLocked = (one) => one.locked_until && Date.parse(one.locked_until) > now();
const departmentName = (code) => page.departments.find((one) => one.code === code)?.names[lang] ?? code;
function list() {
  const fits = page.people.filter((one) => `${one.name} ${word(one.role)} ${one.department ?? ""}`.toLowerCase().includes(page.find));
  keyed($("people"), fits, (one) => one.name, make, fill);
}
function make(one) {
  const root = el("li");
  const button = el("button", "acc-person", null, { type: "button" });
  button.append(el("b", "acc-name"), el("span", "acc-role secondary"), el("span", "acc-seen quiet"), el("span", "acc-states"));
  button.addEventListener("click", () => choose(one.name));
  root.append(button);
  return root;
}
function fill(root, one) {
  setText(root.querySelector(".acc-name"), one.name);
  setText(root.querySelector(".acc-role"), [word(one.role), one.department ? departmentName(one.department) : ""].filter(Boolean).join(" · "));
  setText(root.querySelector(".acc-seen"), one.seen_at ? t("last seen {at}", { at: moment(one.seen_at) }) : t("never seen"));
  const states = [one.disabled_at ? t("disabled") : "", isLocked(one) ? t("locked until {at}", { at: moment(one.locked_until) }) : "", one.must_change ? t("first password") : ""];
  keyed(root.querySelector(".acc-states"), states.filter(Boolean), String, () => el("span", "mini"), setText);
  setData(root, "disabled", one.disabled_at ? "" : null);
  const button = root.querySelector("button");
  if (page.name === one.name) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

// ---- one of them

async function choose(name) {
  page.name = name;
  page.secret = null;
  list();
  await one();
  if (matchMedia("(max-width: 899px)").matches) $("person").scrollIntoView({ block: "start" });
}
/** Read the chosen one anew and draw it; `words` says what has just been done. */
async function one(words = "") {
  if (page.name === null) return;
  let found, ways;
  try {
    [found, { contacts: ways }] = await Promise.all([get(address(page.name)), get("/api/v1/contacts")]);
  } catch (error) {
    $("person").replaceChildren(el("p", "mark-said", t("Could not be read: {why}.", { why: error.message }), { role: "alert" }));
    return;
  }
  shown.person = found;
  draw(found, ways.filter((way) => way.who === page.name), words);
}
async function again(words) {
  await Promise.all([read(), one(words)]);
}
function draw({ account, sessions, tokens }, ways, words) {
  const wrong = said();
  const head = el("div", "acc-head");
  head.append(el("h2", "", account.name), el("p", "secondary", facts(account)));
  const box = page.secret ? [secretBox(page.secret, t("One-time password of {name}. It is shown this once, and is to be changed at the first sign-in.", { name: account.name }))] : [];
  const part = (title, ...nodes) => {
    const node = el("section", "acc-part", null, { "aria-label": title });
    node.append(el("h3", "", title), ...nodes);
    return node;
  };
  const done = () => again(t("Done."));
  const sessionNodes = [sessionList(sessions, (s) => address(account.name, `/sessions/${s.id}/end`), wrong, done)];
  if (sessions.some((s) => !s.own)) sessionNodes.push(act(t("End all"), address(account.name, "/sessions/end"), wrong, done));
  $("person-none").hidden = true;
  $("person").hidden = false;
  $("person").replaceChildren(
    head, ...box, el("p", "acc-done", words, { role: "status" }), wrong,
    part(t("Role and department"), change(account)), part(t("Sign-in"), signIn(account)),
    part(t("Signed in at"), ...sessionNodes),
    part(t("Tokens for programs"), tokenList(tokens, (one) => address(account.name, `/tokens/${one.id}/revoke`), wrong, done)),
    part(t("How {name} is reached", { name: account.name }), contacts(account.name, ways, done)),
  );
}
const facts = (account) => [
  t("Account since {at}", { at: stamp(account.created_at) }),
  account.seen_at ? t("last seen {at}", { at: stamp(account.seen_at) }) : t("never seen"),
  account.disabled_at ? t("disabled {at}", { at: stamp(account.disabled_at) }) : "",
  isLocked(account) ? t("locked until {at}", { at: moment(account.locked_until) }) : "",
].filter(Boolean).join(" · ");
const departmentChoices = () => [["", t("every department")], ...page.departments.map((one) => [one.code, `${one.names[lang]} (${one.code})`])];
const roleChoices = () => ROLES.map((one) => [one, word(one)]);

/** A form of fields with a reason; `url` is told {…values, reason}. */
function form(fields, label, url, body, then, kind = "") {
  const node = el("form", "acc-form");
  const reason = input(t("Reason"), { maxlength: "500", required: "" });
  const wrong = said();
  let key = newKey();
  node.append(...fields, reason, el("button", `button ${kind}`.trim(), label, { type: "submit" }), wrong);
  node.addEventListener("input", () => { key = newKey(); });
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [found, problem] = await send(url(), { ...body(), reason: value(reason) }, key);
    setText(wrong, problem ?? "");
    if (!problem) await then(found);
  });
  return node;
}
function change(account) {
  const role = select(t("Role"), roleChoices(), account.role);
  const department = select(t("Acts on the stations of"), departmentChoices(), account.department ?? "");
  const body = () => ({ role: value(role), department: value(department) || null });
  return form([role, department], t("Change"), () => address(account.name, "/change"), body, () => again(t("Changed; it counts at once.")));
}
function signIn(account) {
  const holder = el("div", "acc-signin");
  const buttons = el("div", "acc-buttons");
  const wrong = said();
  const ask = (label, path, then) => {
    const button = el("button", "button", label, { type: "button", "aria-expanded": "false" });
    button.addEventListener("click", () => {
      for (const other of buttons.children) other.setAttribute("aria-expanded", String(other === button));
      const made = form([], label, () => address(account.name, path), () => ({}), then);
      holder.querySelector("form")?.remove();
      holder.append(made);
      made.querySelector("input").focus();
    });
    buttons.append(button);
  };
  if (isLocked(account)) buttons.append(act(t("Unlock"), address(account.name, "/unlock"), wrong, () => again(t("Unlocked."))));
  ask(t("Reset password"), "/reset-password", async (found) => {
    page.secret = found.password ?? t("It was reset already; the password was shown then.");
    await again(t("Every session of {name} has ended.", { name: account.name }));
  });
  if (account.disabled_at) ask(t("Enable"), "/enable", () => again(t("Enabled.")));
  else if (account.name !== user) ask(t("Disable"), "/disable", () => again(t("Disabled; every screen of {name} has ended.", { name: account.name })));
  holder.append(buttons, wrong);
  return holder;
}

// ---- wallboards

async function wallboards() {
  page.name = page.secret = null;
  list();
  $("person-none").hidden = true;
  $("person").hidden = false;
  shown.walls = await walls.draw($("person"));
}

// ---- a new one

function newPerson() {
  page.name = null;
  list();
  const name = input(t("Name"), { maxlength: "40", required: "", autocapitalize: "none", spellcheck: "false" });
  const role = select(t("Role"), roleChoices(), "duty");
  const department = select(t("Acts on the stations of"), departmentChoices(), "");
  const body = () => ({ name: value(name), role: value(role), department: value(department) || null });
  const made = form([name, role, department], t("Make the account"), () => all, body, async (found) => {
    page.name = found.account.name;
    page.secret = found.password ?? t("It was made already; the password was shown then.");
    await again(t("Made."));
  }, "primary");
  const head = el("div", "acc-head");
  head.append(el("h2", "", t("New account")), el("p", "secondary", t("A one-time password is made and shown once; tell it to the person. Nothing else opens until they have chosen their own.")));
  $("person-none").hidden = true;
  $("person").hidden = false;
  $("person").replaceChildren(head, made);
  made.querySelector("input").focus();
}
