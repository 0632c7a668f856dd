// What has been open for longer than a day: whose, since when, and the last thing said of it.

import { $, el, keyed, moment, named, setShape, setText, shortName, span, t } from "../common/core.mjs";
import { isOwned, sinceOf } from "../common/state.mjs";
import { get } from "../common/read.mjs";

export async function read() {
  const found = await get("/api/v1/alerts/stale");
  setText($("stale-note"), found.count ? t("{n}; fewer than 5 on any day is the target", { n: found.count }) : t("none; fewer than 5 on any day is the target"));
  let list = $("stale-body").firstElementChild;
  if (!list) $("stale-body").append(list = el("ul", "duty-rows"));
  keyed(list, found.alerts, ({ alert }) => alert.id, make, fill);
}
function make({ alert }) {
  const root = el("li", "duty-row");
  root.append(el("span", "row-shape"), el("a", "duty-name", null, { href: `/?station=${encodeURIComponent(alert.station ?? "")}` }), el("span", "duty-since"), el("span", "duty-owner"), el("span", "duty-said secondary"));
  return root;
}
function fill(root, { alert, note, noted_by }) {
  setShape(root.querySelector(".row-shape"), alert.grade, isOwned(alert));
  setText(root.querySelector(".duty-name"), [shortName(alert.station_names), named(alert.label)].filter(Boolean).join(" · "));
  setText(root.querySelector(".duty-since"), `${span(sinceOf(alert))} · ${moment(alert.raised_at)}`);
  setText(root.querySelector(".duty-owner"), alert.owner ?? t("unclaimed"));
  setText(root.querySelector(".duty-said"), note ? `${noted_by ?? ""}: ${note}` : named(alert.reason));
}
