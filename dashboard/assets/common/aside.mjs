// What keeps an alert quiet, or what state it is in beside "on": in words.

import { moment, t } from "./core.mjs";
import { isMuted, isOn } from "./state.mjs";

/** Parts of a line: over since when, latched, and who keeps it quiet until when. */
export function stateText(alert) {
  const parts = [];
  if (!isOn(alert)) parts.push(t("back to normal {at}", { at: moment(alert.ended_at) }));
  if (!isOn(alert) && alert.latched) parts.push(t("latched: to be reset"));
  if (isMuted(alert)) parts.push(muteText(alert.muted));
  return parts;
}
/** `shelved until 14:00 by li`, `suppressed by design`, `out of service until further notice`. */
export function muteText(muted) {
  const at = { at: moment(muted.until), who: muted.who };
  if (muted.kind === "suppressed") return t("suppressed by design");
  if (muted.kind === "shelved") return t("shelved until {at} by {who}", at);
  return muted.until ? t("out of service until {at}", at) : t("out of service until further notice");
}
