// What the audit calls a deed, in the reader's language; one that nobody has worded is shown as it is.

import { t, word } from "../common/core.mjs";

const WORDS = {
  "signed in": () => t("signed in"), "signed out": () => t("signed out"), "sign-in refused": () => t("sign-in refused"),
  "changed own password": () => t("changed own password"), "password refused": () => t("old password was wrong"),
  "made an account": () => t("made an account"), "changed an account": () => t("changed an account"),
  "disabled an account": () => t("disabled an account"), "enabled an account": () => t("enabled an account"),
  "unlocked an account": () => t("unlocked an account"), "reset a password": () => t("reset a password"),
  "ended a session of": () => t("ended a session of"), "ended all sessions of": () => t("ended all sessions of"),
  "ended own other sessions": () => t("ended own other sessions"),
  "made a token": () => t("made a token"), "revoked a token of": () => t("revoked a token of"),
  "saw the sessions of": () => t("saw the sessions of"), "saw quarantined messages": () => t("saw quarantined messages"),
  "opened pictures of": () => t("opened pictures of"), "exported": () => t("exported"),
  "acknowledged": () => t("acknowledged"), "noted": () => t("noted"), "reset": () => t("reset"),
  "shelved": () => t("shelved"), "unshelved": () => t("unshelved"),
  "out of service": () => t("took out of service"), "in service": () => t("put back in service"),
  "marked": () => t("marked readings"), "withdrew a mark": () => t("withdrew a mark"),
  "entered": () => t("entered what a tank holds"), "released a picture": () => t("released a picture"),
  "asked for a replay": () => t("asked for a replay"), "command line": () => t("command line"),
  "entered a shift": () => t("entered a shift"), "removed a shift": () => t("removed a shift"),
  "offered a hand-over": () => t("offered a hand-over"), "accepted a hand-over": () => t("accepted a hand-over"),
  "declined a hand-over": () => t("declined a hand-over"), "withdrawn a hand-over": () => t("withdrew a hand-over"),
  "added a contact": () => t("added a way to a person"), "removed a contact": () => t("removed a way to a person"),
  "created a rule": () => t("created a rule"), "changed a rule": () => t("changed a rule"),
  "wall add": () => t("added a wallboard"), "wall revoke": () => t("revoked a wallboard"),
  "wall entered": () => t("wallboard signed on"), "wall refused": () => t("wallboard refused"),
  "accounts add": () => t("made an account"), "accounts password": () => t("reset a password"), "accounts token": () => t("made a token"),
  "retired a rule": () => t("retired a rule"), "reinstated a rule": () => t("reinstated a rule"),
};
const MEMBERS = {
  why: () => t("Reason"), reason: () => t("Reason"), note: () => t("Note"), role: () => t("Role"),
  department: () => t("Department"), ids: () => t("alerts"), to: () => t("to"), days: () => t("days"),
  label: () => t("What it is for"), station: () => t("Station"), metric: () => t("Metric"), quantity_t: () => t("tonnes"),
  as_of: () => t("as of"), unmasked: () => t("unmasked"), session: () => t("session"), token: () => t("token"),
  shift: () => t("shift"), request: () => t("request"), who: () => t("Person"), post: () => t("post"), mark: () => t("mark"),
  from: () => t("from"), until: () => t("until"), verdict: () => t("verdict"), version: () => t("version"), ended: () => t("ended"), was: () => t("before"),
};
const HANDED = "handed to ";

export function deed(action) {
  if (action.startsWith(HANDED)) return t("handed over to {who}", { who: action.slice(HANDED.length) });
  return WORDS[action]?.() ?? action;
}
/** A member of a deed's detail. */
export const member = (name) => MEMBERS[name]?.() ?? name;
const REASONS = {
  wrong: () => t("wrong password"), stranger: () => t("no such name"), locked: () => t("locked name"), expired: () => t("expired one-time password"),
};
/** The value of a member: codes in words, documents member by member, all else as it was written. */
export function valueOf(name, of) {
  if (of === null || of === "") return "—";
  if (typeof of === "boolean") return of ? t("yes") : t("no");
  if (Array.isArray(of)) return of.map((one) => valueOf(name, one)).join(", ");
  if (typeof of === "object") return Object.entries(of).map(([key, one]) => `${member(key)} ${valueOf(key, one)}`).join(", ");
  if (name === "reason") return REASONS[of]?.() ?? of;
  return name === "role" || name === "verdict" ? word(of) : String(of);
}
const OBJECTS = [
  [/^(\d+) alerts$/, (n) => t("{n} alerts", { n })], [/^shift (\d+)$/, (n) => t("shift {n}", { n })],
  [/^hand-over (\d+)$/, (n) => t("hand-over {n}", { n })], [/^mark (\d+)$/, (n) => t("mark {n}", { n })],
];
/** What a deed was done to. */
export function object(text) {
  for (const [pattern, say] of OBJECTS) {
    const found = pattern.exec(text ?? "");
    if (found) return say(found[1]);
  }
  return text ?? "";
}
