// What is set aside now: shelved, suppressed by design, out of service; by whom, until when and why.

import { $, el, icon, keyed, metricName, moment, named, setShape, setText, shortName, t, urls } from "../common/core.mjs";
import { muteText } from "../common/aside.mjs";
import { get } from "../common/read.mjs";

export async function read() {
  const { suppressions } = await get(urls.suppressions);
  setText($("shelved-note"), suppressions.length ? t("{n}, all come back by themselves or by a person", { n: suppressions.length }) : t("nothing is kept quiet"));
  let list = $("shelved-body").firstElementChild;
  if (!list) $("shelved-body").append(list = el("ul", "duty-rows"));
  keyed(list, suppressions, ({ id }) => id, make, fill);
}
function make(one) {
  const root = el("li", "duty-row");
  const shape = el("span", "row-shape");
  if (one.kind === "out_of_service") shape.append(icon("i-lock"));
  root.append(shape, el("a", "duty-name", null, { href: `/?station=${encodeURIComponent(one.station ?? "")}` }), el("span", "duty-since"), el("span", "duty-owner"), el("span", "duty-said secondary"));
  return root;
}
function fill(root, one) {
  if (one.kind !== "out_of_service") setShape(root.querySelector(".row-shape"), one.alerts[0]?.grade ?? one.grade ?? "blue", true);
  const place = shortName(one.station_names) || one.subject || one.station;
  const what = one.kind === "out_of_service" ? one.metrics?.map(metricName).join(", ") ?? t("whole station") : named(one.label) || one.rule;
  setText(root.querySelector(".duty-name"), [place, what].filter(Boolean).join(" · "));
  setText(root.querySelector(".duty-since"), muteText(one));
  setText(root.querySelector(".duty-owner"), one.kind === "suppressed" ? "" : one.who);
  const on = one.alerts.filter((alert) => alert.on).length;
  const keeps = on ? t("keeps {n} quiet that are on", { n: on }) : t("nothing on behind it");
  setText(root.querySelector(".duty-said"), [one.why, t("since {at}", { at: moment(one.began_at) }), keeps].join(" · "));
}
