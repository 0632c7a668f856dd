// Who was told of an alert, by which way, and what became of it; in the station drawer.

import { $, el, keyed, moment, replaying, setData, setText, t } from "../common/core.mjs";
import { get } from "../common/read.mjs";

const MOST = 12;
let asked = null; // "id|version" of the alert whose messages are shown

/** Show those of this alert; asked anew when it has changed, and while any waits. */
export async function show(alert) {
  const part = $("drawer-told");
  if (!alert || replaying()) { // of the present
    part.hidden = true;
    asked = null;
    return;
  }
  const wanted = `${alert.id}|${alert.version}|${Math.floor(performance.now() / 15_000)}`;
  if (wanted === asked) return;
  asked = wanted;
  let found;
  try {
    found = await get(`/api/v1/alerts/${encodeURIComponent(alert.id)}/messages`);
  } catch (error) {
    part.hidden = false;
    setText($("told-note"), t("Could not be read: {why}.", { why: error.message }));
    return;
  }
  if (asked !== wanted) return; // another alert was chosen meanwhile
  const rows = [...found.messages.map((one) => ({ key: `m${one.transition}${one.receiver}${one.way}${one.step}`, ...one })),
    ...found.untold.map((one) => ({ key: `u${one.transition}`, ...one }))].sort((a, b) => b.seq - a.seq);
  part.hidden = !rows.length;
  const waits = found.messages.filter((one) => ["waiting", "failing"].includes(one.state)).length;
  setText($("told-note"), rows.length > MOST ? t("the newest {n} of {m}", { n: MOST, m: rows.length }) : waits ? t("{n} under way", { n: waits }) : "");
  keyed($("told-list"), rows.slice(0, MOST), (one) => one.key, make, fill);
}
function make() {
  const root = el("li", "told");
  root.append(el("span", "told-who"), el("span", "told-state"), el("span", "told-why secondary"));
  return root;
}
function fill(root, one) {
  setText(root.querySelector(".told-who"), one.receiver ?? t("nobody"));
  setText(root.querySelector(".told-state"), one.receiver ? state(one) : t("not told"));
  setData(root, "state", one.receiver ? one.state : "untold");
  setText(root.querySelector(".told-why"), one.receiver ? reason(one) : one.why ?? t("not decided yet"));
}
function state(one) {
  if (one.state === "delivered") return t("delivered {at}", { at: moment(one.delivered_at) });
  if (one.state === "given_up") return t("given up {at} after {n} attempts", { at: moment(one.given_up_at), n: one.attempts });
  return one.attempts ? t("{n} attempts failed, next {at}", { n: one.attempts, at: moment(one.next_try_at) }) : t("under way");
}
function reason(one) {
  const parts = [];
  if (one.way === "escalation") parts.push(t("nobody had acknowledged, step {n}", { n: one.step }));
  if (one.why.instead_of) parts.push(t("in place of {name}", { name: one.why.instead_of }));
  if (one.why.person) parts.push(one.why.person);
  if (one.why.fallback) parts.push(one.why.fallback);
  if (one.digest_size) parts.push(t("in one message with {n} changes", { n: one.digest_size }));
  if (one.error) parts.push(one.error);
  return parts.join(" · ");
}
