// Choosing a stretch of time on the chart: dragged, or one reading clicked. The fields of the form say the same.

import { clock, el } from "../common/core.mjs";
import { graph, nearest, seen } from "./chart.mjs";
import { on } from "../common/state.mjs";

const CLICK_PX = 4;
let layer = null, band = null, chosen = null, listened = null, picked = null;
on("drawn", place); // the form may be open before the chart has come

/** Lie over the chart; `pick(from, to)` in ms is called for what a person chooses. */
export function open(pick) {
  picked = pick;
  layer = el("div", "stretch", null, { "aria-hidden": "true" });
  band = el("div", "stretch-band");
  band.append(el("span", "stretch-from"), el("span", "stretch-to"));
  layer.append(band);
  document.querySelector(".chart").append(layer);
  layer.addEventListener("pointerdown", begin);
  addEventListener("resize", place);
  place();
}
export function close() {
  layer?.remove();
  removeEventListener("resize", place);
  layer = band = chosen = picked = null;
}
/** Show what the form says; to null: until further notice. */
export function show(from, to) {
  chosen = Number.isFinite(from) ? { from, to } : null;
  place();
}
/** Where the plot is now: it is drawn anew while a person chooses. */
function place() {
  const view = seen();
  if (!layer || !view) return;
  if (listened !== graph()) {
    listened = graph();
    listened.on("plotly_afterplot", place);
  }
  const { l, t, w, h } = view.box;
  Object.assign(layer.style, { left: `${l}px`, top: `${t}px`, width: `${w}px`, height: `${h}px` });
  const x = (ms) => ((ms - view.from) / (view.to - view.from)) * w;
  const a = chosen ? Math.max(0, x(chosen.from)) : 0;
  const b = chosen ? Math.min(w, chosen.to === null ? w : x(chosen.to)) : 0;
  band.hidden = !chosen || b < 0 || a > w || b < a;
  Object.assign(band.style, { left: `${a}px`, width: `${Math.max(2, b - a)}px` });
  band.classList.toggle("narrow", b - a < 120);
  band.firstChild.textContent = chosen ? clock(chosen.from) : "";
  band.lastChild.textContent = chosen && chosen.to !== null ? clock(chosen.to) : "";
}
function begin(event) {
  if (event.button !== 0 || !seen()) return;
  event.preventDefault();
  layer.setPointerCapture(event.pointerId);
  const start = event.clientX;
  const move = (to) => { if (Math.abs(to.clientX - start) > CLICK_PX) report(start, to.clientX); };
  const end = (to) => {
    for (const name of ["pointermove", "pointerup", "pointercancel"]) layer?.removeEventListener(name, name === "pointermove" ? move : end);
    if (to.type === "pointerup" && Math.abs(to.clientX - start) <= CLICK_PX) single(start);
  };
  layer.addEventListener("pointermove", move);
  layer.addEventListener("pointerup", end);
  layer.addEventListener("pointercancel", end);
}
function timeAt(clientX) {
  const view = seen(), box = layer.getBoundingClientRect();
  const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
  return view.from + share * (view.to - view.from);
}
/** Whole seconds, outwards. */
function report(a, b) {
  const [from, to] = [timeAt(Math.min(a, b)), timeAt(Math.max(a, b))];
  picked(Math.floor(from / 1000) * 1000, Math.ceil(to / 1000) * 1000);
}
function single(clientX) {
  const at = nearest(timeAt(clientX));
  if (at !== null) picked(at, at + 1000);
}
