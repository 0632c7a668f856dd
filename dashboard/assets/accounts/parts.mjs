// What one's own page and the administrators' have in common: sessions, tokens, fields, sending.

import { el, moment, newKey, post, setData, setText, t, toMinute, word } from "../common/core.mjs";

export const ROLES = ["viewer", "duty", "environment", "administrator"];
/** With its year: an account or a token may be old. */
export const stamp = (iso) => (iso ? toMinute(Date.parse(iso)) : "—");

/** Send it; [answer's document, null] or [null, what went wrong]. */
export async function send(url, body, key) {
  let answer;
  try {
    answer = await post(url, body, key);
  } catch {
    return [null, t("Not sent: no connection.")];
  }
  const said = await answer.json().catch(() => ({}));
  return answer.ok ? [said, null] : [null, said.detail || said.title || String(answer.status)];
}
/** A button that does one thing once; what went wrong is said in `said`. */
export function act(label, url, said, then, body = {}, kind = "") {
  const node = el("button", `button small ${kind}`.trim(), label, { type: "button" });
  const key = newKey();
  node.addEventListener("click", async () => {
    node.disabled = true;
    const [found, wrong] = await send(url, body, key);
    node.disabled = false;
    setText(said, wrong ?? "");
    if (!wrong) await then(found);
  });
  return node;
}
export function labelled(label, field) {
  const node = el("label", "acc-field");
  node.append(el("span", "secondary", label), field);
  return node;
}
export function input(label, attributes = {}) {
  return labelled(label, el("input", "field", null, { type: "text", autocomplete: "off", ...attributes }));
}
/** options: [value, text]. */
export function select(label, options, chosen = "") {
  const field = el("select", "field");
  for (const [value, text] of options) field.append(el("option", "", text, { value }));
  field.value = chosen ?? "";
  return labelled(label, field);
}
export const value = (field) => field.querySelector("input, select, textarea").value.trim();
export const said = () => el("p", "mark-said", "", { role: "alert" });

/** A secret that is shown this once, to be read out or copied. */
export function secretBox(text, note) {
  const box = el("div", "acc-secret", null, { role: "status" });
  const code = el("code", "acc-code", text);
  const copy = el("button", "button small", t("Copy"), { type: "button" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      setText(copy, t("Copied"));
    } catch {
      getSelection().selectAllChildren(code); // no clipboard without https: it is marked, to be copied by hand
    }
  });
  box.append(el("b", "", note), code, copy);
  return box;
}

// ---- sessions and tokens

const BROWSERS = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/(Headless)?Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS = [[/Windows/, "Windows"], [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]];
const known = (table, agent) => table.find(([pattern]) => pattern.test(agent))?.[1];
export function device(agent) {
  const parts = [known(BROWSERS, agent ?? ""), known(SYSTEMS, agent ?? "")].filter(Boolean);
  return parts.length ? parts.join(" · ") : (agent || t("unknown device")).slice(0, 60);
}
/** rows of [strong, ...facts] with a button each. */
function line(strong, facts, button) {
  const row = el("li", "acc-line");
  const text = el("div", "acc-text");
  text.append(el("b", "", strong), ...facts.filter(Boolean).map((fact) => el("span", "secondary", fact)));
  row.append(text);
  if (button) row.append(button);
  return row;
}
export function sessionList(sessions, url, wrong, then) {
  const list = el("ul", "acc-lines");
  for (const one of sessions) {
    const facts = [one.address, t("since {at}", { at: moment(one.created_at) }), t("last seen {at}", { at: moment(one.seen_at) })];
    const end = act(t("End"), url(one), wrong, then);
    end.setAttribute("aria-label", t("End the session of {what}", { what: `${device(one.agent)}, ${one.address}` }));
    const row = line(device(one.agent), facts, one.own ? el("span", "mini", t("This one")) : end);
    row.title = one.agent ?? "";
    setData(row, "own", one.own ? "" : null);
    list.append(row);
  }
  if (!sessions.length) list.append(el("li", "quiet", t("Nowhere signed in.")));
  return list;
}
export function tokenList(tokens, url, wrong, then) {
  const list = el("ul", "acc-lines");
  for (const one of tokens) {
    const over = one.revoked_at || (one.expires_at && Date.parse(one.expires_at) < Date.now());
    const facts = [
      word(one.role), t("since {at}", { at: stamp(one.created_at) }),
      one.seen_at ? t("last used {at}", { at: moment(one.seen_at) }) : t("never used"),
      one.revoked_at ? t("revoked {at} by {who}", { at: stamp(one.revoked_at), who: one.revoked_by ?? "—" })
        : one.expires_at ? t("ends {at}", { at: stamp(one.expires_at) }) : t("never ends"),
    ];
    const revoke = act(t("Revoke"), url(one), wrong, then);
    revoke.setAttribute("aria-label", t("Revoke the token {what}", { what: one.label }));
    const row = line(one.label, facts, over ? null : revoke);
    setData(row, "over", over ? "" : null);
    list.append(row);
  }
  if (!tokens.length) list.append(el("li", "quiet", t("No token.")));
  return list;
}
