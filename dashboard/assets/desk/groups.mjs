// Alerts that belong together as one row: what is shown of each part of the list, and in which order.

import { el, named, setClass, setData, setShape, setText, shortName, span, t } from "../common/core.mjs";
import { chosen, isMuted, isOwned, sinceOf, stations } from "../common/state.mjs";
import { openForm } from "./acknowledge.mjs";
import { outside } from "../common/mine.mjs";

const members = new Map(); // group and part -> its alerts, as they were drawn last
const said = new Map(); // group and part -> what a person chose: open or closed
export const isGroup = (item) => Boolean(item.members);

/** The items of a part: single alerts, groups of two and more, and after an open group its members. */
export function itemsOf(part, found) {
  const groups = new Map();
  for (const alert of found) {
    const key = alert.group?.id ?? alert.id;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(alert);
  }
  const items = [];
  for (const [id, members] of groups) {
    if (members.length === 1) items.push({ key: members[0].id, alert: members[0] });
    else {
      const key = `${part}:${id}`;
      const open = said.get(key) ?? members.some((alert) => alert.id === chosen.alert);
      items.push({ key, members, open });
      if (open) items.push(...members.map((alert) => ({ key: alert.id, alert, of: key })));
    }
  }
  return items;
}
export function makeGroup(item, toggled) {
  const root = el("li", "row cluster");
  const name = el("button", "row-name", null, { type: "button" });
  const line = (...parts) => {
    const node = el("div", "row-line");
    node.append(...parts);
    return node;
  };
  const button = el("button", "button ack", null, { type: "button" });
  button.append(el("span", "", t("Ack all")));
  button.addEventListener("click", () => openForm(root, free(members.get(root.dataset.key) ?? []).filter((alert) => !notMine(alert))));
  root.append(el("span", "row-shape"), line(name, el("span", "row-since")), line(el("span", "group-what"), el("b", "group-count")), line(el("span", "spring"), button));
  name.addEventListener("click", () => {
    said.set(root.dataset.key, name.getAttribute("aria-expanded") !== "true");
    toggled();
  });
  return root;
}
export function fillGroup(root, { key, members: found, open }) {
  members.set(key, found);
  const worst = found[0], owned = found.every(isOwned);
  fillButton(root.querySelector(".ack"), found);
  setClass(root, owned ? "row cluster owned" : "row cluster");
  setData(root, "grade", worst.grade);
  setShape(root.querySelector(".row-shape"), worst.grade, owned);
  const name = root.querySelector(".row-name");
  name.setAttribute("aria-expanded", String(open));
  setText(name, placeOf(worst.group) || shortName(worst.station_names) || worst.subject);
  setText(root.querySelector(".row-since"), span(Math.max(...found.map(sinceOf)), !owned));
  setText(root.querySelector(".group-what"), kinds(found));
  setText(root.querySelector(".group-count"), t("{n} alerts", { n: found.length }));
}
const free = (found) => found.filter((alert) => !isOwned(alert));
const notMine = (alert) => outside(alert.department ?? stations.get(alert.station)?.department ?? null);
/** What the button would take, said before it is pressed: all, some, or why none. */
function fillButton(button, found) {
  const waiting = free(found), left = waiting.map(notMine).filter(Boolean);
  button.hidden = !waiting.length || found.every(isMuted);
  button.disabled = waiting.length > 0 && left.length === waiting.length;
  button.title = left[0] ?? "";
  const part = left.length && !button.disabled;
  setText(button.firstChild, part ? t("Ack {n} of {all}", { n: waiting.length - left.length, all: waiting.length }) : t("Ack all"));
}
function placeOf(group) {
  if (group.cause === "air") return t("Whole district");
  return shortName(stations.get(group.place)?.names) || group.place;
}
/** Labels and how many of each, the most frequent first. */
function kinds(members) {
  const counted = new Map();
  for (const { label } of members) counted.set(named(label), (counted.get(named(label)) ?? 0) + 1);
  return [...counted].sort((a, b) => b[1] - a[1]).map(([label, n]) => (n > 1 ? `${label} ×${n}` : label)).join(" · ");
}
