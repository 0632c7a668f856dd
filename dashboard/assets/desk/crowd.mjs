// More alerts than a desk is given: the line that says what matters, and how the others are fetched.

import { $, el, named, replaying, setData, setText, shape, shortName, span, now, t, urls } from "../common/core.mjs";
import { alerts, allOf, choose, emit, on, putAlert, stations, unseen, wentAfter } from "../common/state.mjs";
import { get } from "../common/read.mjs";
import { link } from "../common/live.mjs";

const PAGE = 200;
const page = { cursor: null, asked: false };

export function start() {
  for (const event of ["first", "all", "tick"]) on(event, draw);
}

// ---- the flood

/** What burns first, in one line: the gravest groups as buttons, then what there is most of. */
function draw() {
  const flood = link.flood;
  $("flood").hidden = !flood;
  setData(document.body, "flood", flood ? "yes" : null);
  if (!flood) return;
  const since = span(Math.max(0, (now() - Date.parse(flood.since)) / 1000));
  setText($("flood-what"), t("Alarm flood for {span}: {n} alerts", { span: since, n: flood.count.toLocaleString("en-US") }));
  const key = JSON.stringify([flood.groups, flood.kinds]);
  if ($("flood").dataset.key === key) return;
  $("flood").dataset.key = key;
  $("flood-first").replaceChildren(...flood.groups.map(first));
  setText($("flood-kinds"), flood.kinds.map(({ label, count }) => `${named(label)} ${count.toLocaleString("en-US")}`).join(" · "));
}
function first(group) {
  const node = el("button", "flood-group", null, { type: "button" });
  const place = shortName(stations.get(group.place)?.names) || group.place || shortName(stations.get(group.station)?.names) || named(group.label);
  node.append(shape(group.grade, false), el("span", "", place), el("b", "", group.count > 1 ? `×${group.count}` : ""));
  node.addEventListener("click", () => choose(group.station, group.metric, group.alert));
  return node;
}

// ---- the others

/** The next ones that the desk was not given, the newest first. */
export async function fetchMore() {
  if (page.asked || replaying()) return; // those of now do not belong into the past
  page.asked = true;
  try {
    for (let added = 0; added === 0 && unseen(); ) {
      const askedAt = performance.now();
      const found = await get(`${urls.alerts}?state=open&limit=${PAGE}${page.cursor ? `&cursor=${encodeURIComponent(page.cursor)}` : ""}`);
      added = take(found.alerts, askedAt);
      page.cursor = found.cursor;
      if (!found.cursor) break;
    }
  } catch {
    return; // the link is down, which the banner says
  } finally {
    page.asked = false;
  }
  emit("change", {});
}
/** All of a station's that somebody opens. */
export async function fetchOf(code) {
  if (!unseen() || allOf(code).length || replaying()) return;
  try {
    const askedAt = performance.now();
    const found = await get(`${urls.alerts}?state=open&station=${encodeURIComponent(code)}`);
    if (take(found.alerts, askedAt)) emit("change", {});
  } catch {
    return; // as above
  }
}
function take(found, askedAt) {
  const before = alerts.size;
  for (const alert of found) if (!wentAfter(alert.id, askedAt)) putAlert(alert);
  return alerts.size - before;
}
