// What the desk must know of warnings: one waits for a second person, was sent back, runs out, or outlives its alert.

import { $, el, keyed, moment, named, now, setText, shape, span, t } from "./core.mjs";

const SENTENCES = {
  in_force: (one) => t("Warning in force then, until {until}: {headline}", one), // in a replay
  waiting: (one) => t("A warning waits for a second person: {headline}", one),
  returned: (one) => t("A warning was sent back and is not out: {headline}", one),
  expiring: (one) => t("A warning runs out in {left}, its alert is still on: {headline}", one),
  lapsing: (one) => t("A warning runs out in {left}: {headline}", one),
  ended: (one) => t("The alert has ended, its warning is still in force: {headline}", one),
};

/** found: as the beat has them; [] takes the line away. */
export function show(found) {
  const holder = $("warning-notices");
  if (!holder) return;
  holder.hidden = !found.length;
  keyed(holder.firstElementChild, found.slice(0, 3), (one) => one.id, make, fill);
}
function make(one) {
  const root = el("li"), said = el("span", "", null, { role: "status" });
  said.append(el("a", "", "", { href: `/warnings#${one.id}` }));
  root.append(shape(one.grade, false), said);
  return root;
}
function fill(root, one) {
  const left = one.expires_at ? span(Math.max(0, (Date.parse(one.expires_at) - now()) / 1000)) : "";
  setText(root.querySelector("a"), SENTENCES[one.kind]({ headline: named(one.headline) || "—", left, until: moment(one.expires_at) }));
}
