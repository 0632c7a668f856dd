// What people said of the chosen series: the list below the chart, followed while the drawer is open.

import { $, clock, el, keyed, newKey, now, setData, setText, t, toLocal, urls } from "../common/core.mjs";
import { outside } from "../common/mine.mjs";
import { chosen, on, stations } from "../common/state.mjs";
import { again } from "./chart.mjs";
import * as form from "./mark_form.mjs";

const FEW = 3, EVERY_MS = 5000, SOON_MS = 1000;
let shown = null; // "station|metric" of the list
let found = []; // as the API has them, newest first
let askedAt = 0, asking = false, all = false;

const may = () => $("mark-open") !== null && !outside(stations.get(chosen.station)?.department);

export function start() {
  on("chosen", look);
  on("tick", look);
  $("mark-open")?.addEventListener("click", () => form.open({ station: chosen.station, metric: chosen.metric }, saved));
  $("marks-more").addEventListener("click", () => { all = !all; fill(); });
}
function look() {
  const series = `${chosen.station}|${chosen.metric}`;
  if (!chosen.station || !chosen.metric || $("drawer").hidden) {
    form.close();
    shown = null;
    return;
  }
  if (series !== shown) {
    form.close();
    [shown, found, all, askedAt] = [series, [], false, 0];
    fill();
  }
  if (Date.now() - askedAt >= (found.some(pending) ? SOON_MS : EVERY_MS)) load();
}
/** Readings do not show yet what was said. */
const pending = (mark) => (mark.withdrawn ? !mark.withdrawn.applied_at : !mark.applied_at);

async function load() {
  if (asking) return;
  const series = shown, first = askedAt === 0;
  asking = true;
  askedAt = Date.now();
  try {
    const query = new URLSearchParams({ metric: chosen.metric, limit: 200 });
    const answer = await fetch(`${urls.stations}/${encodeURIComponent(chosen.station)}/marks?${query}`);
    if (answer.ok && series === shown) take((await answer.json()).marks, first);
  } catch {
    askedAt = Date.now(); // the link is down, which the banner says: the next tick asks again
  } finally {
    asking = false;
  }
}
function take(marks, first) {
  const before = JSON.stringify(found);
  found = marks;
  fill();
  if (!first && before !== JSON.stringify(found)) again(); // the chart shows it too
}
function saved(mark) {
  take([mark, ...found.filter((one) => one.id !== mark.id)], false);
  $("live-words").textContent = t("Saved; the readings show it within seconds.");
}

// ---- the list: what holds, then what was withdrawn, newest first

function fill() {
  if ($("mark-open")) $("mark-open").hidden = !may(); // the drawer says whose the station is
  $("drawer-marks").hidden = !chosen.metric || (!found.length && !may());
  const held = found.filter((mark) => !mark.withdrawn);
  const ordered = [...held, ...found.filter((mark) => mark.withdrawn)];
  setText($("marks-count"), held.length ? String(held.length) : "");
  keyed($("marks"), all ? ordered : ordered.slice(0, FEW), (mark) => mark.id, make, fillMark);
  $("marks-more").hidden = found.length <= FEW;
  setText($("marks-more"), all ? t("Show fewer") : t("Show all {n}", { n: found.length }));
}
function make(mark) {
  const root = el("li", "mark");
  const head = el("div", "mark-head");
  head.append(el("b", "mark-verdict"), el("span", "mark-when"));
  if (may()) {
    const button = el("button", "button small", t("Withdraw"), { type: "button" });
    button.addEventListener("click", () => ask(root, mark.id, button));
    head.append(button);
  }
  root.append(head, el("p", "mark-reason"), el("p", "mark-who secondary"), el("p", "mark-taken secondary"));
  return root;
}
function fillMark(root, mark) {
  const taken = mark.withdrawn;
  setData(root, "verdict", mark.verdict);
  setData(root, "withdrawn", taken ? "" : null);
  setText(root.querySelector(".mark-verdict"), mark.verdict === "invalid" ? t("Invalid") : t("Valid"));
  setText(root.querySelector(".mark-when"), stretchText(mark));
  setText(root.querySelector(".mark-reason"), mark.reason);
  setText(root.querySelector(".mark-who"), [mark.who, stamp(mark.made_at), !taken && pending(mark) ? t("shows in a few seconds") : ""].filter(Boolean).join(" · "));
  const line = root.querySelector(".mark-taken");
  line.hidden = !taken;
  if (taken) setText(line, t("Withdrawn by {who}, {at}: {reason}", { who: taken.who, at: stamp(taken.made_at), reason: taken.reason }));
  const button = root.querySelector(".mark-head .button");
  if (button) button.hidden = Boolean(taken);
}
/** 03:14 or 03:14:07 today, with the date on another day, with the year in another year. */
function stamp(iso, beside = toLocal(now())) {
  const at = toLocal(Date.parse(iso));
  const day = at.slice(0, 10) === beside.slice(0, 10) ? "" : at.slice(0, 4) === beside.slice(0, 4) ? at.slice(5, 10) : at.slice(0, 10);
  const time = clock(Date.parse(iso));
  return [day, time.endsWith(":00") ? time.slice(0, 5) : time].filter(Boolean).join(" ");
}
function stretchText(mark) {
  if (!mark.to) return t("from {at}, until further notice", { at: stamp(mark.from) });
  return `${stamp(mark.from)} – ${stamp(mark.to, toLocal(Date.parse(mark.from)))}`;
}

// ---- taking one back

function ask(root, id, button) {
  const there = root.querySelector("form");
  if (there) return there.querySelector("input").focus();
  const node = el("form", "mark-form withdraw", null, { novalidate: "" });
  const said = el("span", "field-said", "", { role: "alert", id: `withdraw-${id}-said` });
  const reason = el("input", "field", null, {
    type: "text", maxlength: "500", autocomplete: "off", "aria-label": t("Why it is withdrawn"), placeholder: t("Why it is withdrawn"), "aria-describedby": said.id,
  });
  const send = el("button", "button primary", t("Withdraw"), { type: "submit" });
  const cancel = el("button", "button", t("Cancel"), { type: "button" });
  const key = { of: null, id: null };
  const leave = () => { node.remove(); button.focus({ preventScroll: true }); };
  cancel.addEventListener("click", leave);
  node.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") leave();
  });
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!reason.value.trim()) {
      said.textContent = t("Say why: the reason is empty.");
      return reason.focus();
    }
    send.disabled = true;
    if (key.of !== reason.value) Object.assign(key, { of: reason.value, id: newKey() });
    const answer = await form.send(`${urls.marks}/${id}/withdraw`, { reason: reason.value }, key.id);
    send.disabled = false;
    if (!answer.done) return (said.textContent = answer.problem);
    node.remove();
    take(found.map((mark) => (mark.id === id ? answer.done : mark)), false);
    $("live-words").textContent = t("Withdrawn; the readings show it within seconds.");
    $("mark-open").focus({ preventScroll: true });
  });
  node.append(reason, send, cancel, said);
  root.append(node);
  reason.focus({ preventScroll: true });
}
