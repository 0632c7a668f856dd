// What the audit calls a deed, in the reader's language; one that nobody has worded is shown as it is.

import { t } from "./core.mjs";

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
  "retired a rule": () => t("retired a rule"), "reinstated a rule": () => t("reinstated a rule"),
};
const MEMBERS = {
  why: () => t("Reason"), reason: () => t("Reason"), note: () => t("Note"), role: () => t("Role"),
  department: () => t("Department"), version: () => t("version"), ended: () => t("ended"), was: () => t("before"),
};
const HANDED = "handed to ";

export function deed(action) {
  if (action.startsWith(HANDED)) return t("handed over to {who}", { who: action.slice(HANDED.length) });
  return WORDS[action]?.() ?? action;
}
/** A member of a deed's detail. */
export const member = (name) => MEMBERS[name]?.() ?? name;
