// Alerts that come and go, in words: how often, and what would have made one of them.

import { $, figure, metrics, replaying, setText, span, t } from "./core.mjs";
import { get } from "./read.mjs";

const URL = "/api/v1/alerts/chattering";
const AGAIN_MS = 60_000;
let asked = { key: null, at: 0 };

/** One or two sentences of a bout. */
export function flapWords(bout) {
  const n = bout.raises, length = span((Date.parse(bout.to) - Date.parse(bout.from)) / 1000);
  const said = [t("Raised {n} times in {span}.", { n, span: length })];
  const found = bout.proposal;
  if (!found) return said[0];
  const { dead_band: band, off_delay_s: delay } = found;
  if (band) said.push(result(t("a dead-band of {value}", { value: `${figure(band.value, digits(bout, band.value))} ${bout.unit ?? ""}`.trim() }), band.alerts));
  if (delay) said.push(result(t("an off-delay of {span}", { span: span(delay.value) }), delay.alerts));
  if (!band && !delay) said.push(t("No dead-band or delay would have made fewer of it."));
  return said.join(" ");
}
const result = (what, alerts) => (alerts === 1 ? t("With {what} it would have been one.", { what }) : t("With {what} it would have been {n}.", { what, n: alerts }));
/** As many decimals as the value needs, and no more than the metric has one of. */
function digits(bout, value) {
  const most = (metrics[bout.metric]?.digits ?? 2) + 1;
  for (let n = 0; n < most; n++) if (Math.abs(value - Number(value.toFixed(n))) < 1e-9) return n;
  return most;
}
/** In the drawer, of the alert that it shows; asked when the alert is another, changed, or a minute ago. */
export async function show(of) {
  const alert = replaying() ? null : of; // it is judged by what has come until now
  const node = $("drawer-flap");
  const key = alert ? `${alert.id}|${alert.version}` : null;
  if (key === asked.key && (!key || performance.now() - asked.at < AGAIN_MS)) return;
  if (asked.key?.split("|")[0] !== alert?.id) node.hidden = true;
  asked = { key, at: performance.now() };
  if (!alert) return;
  try {
    const { bouts } = await get(`${URL}?alert=${encodeURIComponent(alert.id)}`);
    if (asked.key !== key) return;
    node.hidden = bouts.length === 0;
    if (bouts.length) setText(node, flapWords(bouts[0]));
  } catch {
    asked.at = 0; // the link is down, which the banner says: with the next tick again
  }
}
