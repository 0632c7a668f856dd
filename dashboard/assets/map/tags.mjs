// Tags on the map: unclaimed red, and the selected station; two lines, never on one another.

import { ageOf, ageText, alertAmount, el, metricName, remScale, setData, setText, shortName, span, t, valueText } from "../common/core.mjs";
import { alertsOf, chosen, isOwned, liveValue, openAlerts, sinceOf, stations, trend, valueAge } from "../common/state.mjs";
import { place } from "./place.mjs";

const tags = new Map(); // code -> {marker, root, what, who, more, side, size}
const MOST = 60; // more have no room on any map; the others are counted
export const isTagged = (code) => tags.has(code);

/** Make, fill and remove tags as alerts and the choice have it. gl, map: MapLibre's. */
export function label(gl, map) {
  const codes = wanted().slice(0, MOST);
  for (const [code, tag] of tags) if (!codes.includes(code)) { tag.marker.remove(); tags.delete(code); }
  for (const code of codes) fill(tags.get(code) ?? make(gl, map, code), stations.get(code));
}
/** The worst first: unclaimed red by age, with the selected station among those that are tagged. */
function wanted() {
  const red = openAlerts().filter((a) => a.grade === "red" && !isOwned(a)).map((a) => a.station);
  const codes = [...new Set(red)];
  if (!codes.slice(0, MOST).includes(chosen.station)) codes.splice(MOST - 1, 0, chosen.station);
  return codes.filter((code) => stations.has(code));
}
function make(gl, map, code) {
  const root = el("div", "tag"), what = el("b", "tag-what"), who = el("span", "tag-who"), more = el("span", "tag-more");
  root.append(what, who, more);
  const marker = new gl.Marker({ element: root, anchor: "center" }).setLngLat(stations.get(code).at).addTo(map);
  root.removeAttribute("tabindex");
  root.removeAttribute("role");
  root.setAttribute("aria-hidden", "true"); // the list and the drawer say the same
  const tag = { marker, root, what, who, more, side: null, size: null };
  tags.set(code, tag);
  return tag;
}
function fill(tag, station) {
  tag.marker.setLngLat(station.at);
  const worst = alertsOf(station.code)[0];
  setData(tag.root, "grade", worst?.grade);
  const what = worst ? `${shortName(station.names)} ${alertAmount(worst, liveValue(worst)).join(" ")} ${trend(station, worst.metric)}` : firstValue(station);
  const who = worst ? `${span(sinceOf(worst), !isOwned(worst))} · ${worst.owner ?? t("unclaimed")}${oldText(worst)}`
    : station.newest ? t("{span} ago", { span: span(ageOf(station.newest)) }) : t("no data");
  if (tag.what.textContent.length !== what.length || tag.who.textContent.length !== who.length) tag.size = null;
  setText(tag.what, what);
  setText(tag.who, who);
}
function oldText(alert) {
  const { state, age_s } = valueAge(alert);
  return state === "stale" || state === "unknown" ? ` · ${ageText(age_s, state)}` : "";
}
export function firstValue(station) {
  const [metric, latest] = Object.entries(station.latest)[0] ?? [];
  return metric ? `${shortName(station.names)} ${metricName(metric)} ${valueText(latest.value, metric)}` : shortName(station.names);
}

/** Stand every tag where there is room. discs: the shown markers {code, x, y, radius, fixed}; panels: boxes on the map. */
export function arrange(map, free, discs, panels = []) {
  if (!tags.size) return;
  const scale = remScale(), codes = wanted();
  const asked = codes.filter(isTagged).map((code) => box(map, code, tags.get(code), scale));
  const found = place(asked.filter((each) => visible(each, free, panels)), {
    free, panels, fixed: discs.filter((disc) => disc.fixed), soft: discs.filter((disc) => !disc.fixed),
    rest: codes.filter((code) => !tags.has(code)).map((code) => ({ code, ...at(map, code) })).filter((each) => visible(each, free, panels)),
  });
  const more = new Map();
  for (const { at } of found.values()) if (at) more.set(at, (more.get(at) ?? 0) + 1);
  for (const [code, tag] of tags) stand(tag, found.get(code), more.get(code));
}
function box(map, code, tag, scale) {
  tag.size ??= { width: tag.root.offsetWidth, height: tag.root.offsetHeight };
  return { code, ...at(map, code), ...tag.size, radius: (code === chosen.station ? 24 : 19) * scale, side: tag.side };
}
function at(map, code) {
  const { x, y } = map.project(stations.get(code).at);
  return { x, y };
}
/** One out of sight, or under a panel, has its pointer at the edge. */
const visible = (at, free, panels) => within(at, free) && !panels.some((panel) => within(at, panel));
const within = ({ x, y }, box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
function stand(tag, spot, count) {
  tag.root.hidden = !spot?.side;
  tag.more.hidden = !count;
  setText(tag.more, count ? `+${count}` : "");
  if (!spot?.side) return;
  tag.side = spot.side;
  const had = tag.marker.getOffset();
  if (had.x !== spot.dx || had.y !== spot.dy) tag.marker.setOffset([spot.dx, spot.dy]);
}
