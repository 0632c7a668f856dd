// The crosshair: where a person without a mouse points. Arrows move the map under it, Enter takes the place.

import { $ } from "../common/core.mjs";
import { on } from "../common/state.mjs";
import { useful } from "./map.mjs";

let map = null, byKey = false;

/** What to do with a place that was taken: {place(lngLat), back(), leave()}, the last one who asked. */
const takers = [];
export const taker = (one) => takers.push(one);

export function start() {
  on("map-style", attach);
  addEventListener("keydown", () => { byKey = true; }, true);
  addEventListener("pointerdown", () => { byKey = false; show(false); }, true);
}
function attach(drawn) {
  if (map) return;
  map = drawn;
  const canvas = map.getCanvas();
  canvas.addEventListener("focus", () => show(byKey));
  canvas.addEventListener("blur", () => show(false));
  canvas.addEventListener("keydown", onKey);
  map.on("resize", () => show(!$("map-cross").hidden));
}
function show(wanted) {
  $("map-cross").hidden = !wanted;
  if (!wanted) return;
  const { x, y } = middle();
  $("map-cross").style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
/** Of what the panels leave free. */
function middle() {
  const free = useful();
  return { x: (free.left + free.right) / 2, y: (free.top + free.bottom) / 2 };
}
function onKey(event) {
  const one = takers.find((each) => each.wants());
  const act = { Enter: () => one?.place(map.unproject(Object.values(middle()))), Backspace: () => one?.back(), Escape: () => one?.leave() }[event.key];
  if (!act || !one) return;
  if (event.key === "Escape" && !one.open()) return; // the drawer's
  event.preventDefault();
  event.stopPropagation();
  show(true);
  act();
}
