// Roses by hand: sixteen petals where the wind comes from, rings with their figures, the calm in the middle.

import { axisFigure, canvas, niceStep, round, s } from "../common/svg.mjs";
import { figure, t } from "../common/core.mjs";

const SIDE = 400, RADIUS = 150, MIDDLE = 26;

/** petals: [[length of each step from inside out]]; steps: the class of each; calm: text in the middle.
 *  few: petals that rest on too little, drawn dashed. most: the outer ring where it is known. */
export function rose(petals, { width, k, what, steps, calm, unit, few = () => false, most = null, empty = "", key = [] }) {
  const scale = (width / SIDE), size = Math.min(scale, 1.25 * k);
  const tall = SIDE * size + (key.length ? 30 * k : 0);
  const svg = canvas(width, tall, k, what);
  const cx = width / 2, cy = (SIDE / 2) * size, radius = RADIUS * size, inner = MIDDLE * size;
  const sums = petals.map((each) => each.reduce((a, b) => a + b, 0));
  const greatest = most ?? Math.max(...sums, 0);
  const step = niceStep(greatest / 4 || 1), outer = most ?? Math.max(1, Math.ceil(greatest / step - 1e-9)) * step;
  const reach = (value) => inner + (radius - inner) * (value / outer);
  rings(svg, { cx, cy, step, outer, reach, k, unit });
  compass(svg, cx, cy, radius + 20 * k, k);
  petals.forEach((each, n) => {
    let from = 0;
    each.forEach((length, i) => {
      if (!(length > 0)) return;
      svg.append(s("path", { class: `ana-petal ${few(n) ? "ana-few" : steps[i]}`, d: wedge(cx, cy, reach(from), reach(from + length), n * 22.5, 8.6), "data-sector": n, "stroke-width": k * 0.8 }));
      from += length;
    });
  });
  svg.append(s("circle", { class: "ana-calm", cx, cy, r: inner, "stroke-width": k }));
  const [first, second] = calm;
  svg.append(s("text", { class: "ana-middle ana-secondary", x: cx, y: cy - 2 * k }, first), s("text", { class: "ana-middle", x: cx, y: cy + 12 * k }, second));
  if (empty) svg.append(s("text", { class: "ana-middle ana-secondary", x: cx, y: cy - inner - 14 * k }, empty));
  labels(svg, { cx, cy, step, outer, reach, k, unit });
  if (key.length) keys(svg, key, width, tall - 10 * k, k);
  return svg;
}
const at = (cx, cy, r, degrees) => [round(cx + r * Math.sin((degrees * Math.PI) / 180)), round(cy - r * Math.cos((degrees * Math.PI) / 180))];
/** Between two radii, so many degrees to either side of a direction; north is up, clockwise. */
function wedge(cx, cy, from, to, degrees, half) {
  const [a, b, c, d] = [at(cx, cy, from, degrees - half), at(cx, cy, to, degrees - half), at(cx, cy, to, degrees + half), at(cx, cy, from, degrees + half)];
  return `M${a}L${b}A${round(to)},${round(to)} 0 0 1 ${c}L${d}A${round(from)},${round(from)} 0 0 0 ${a}Z`;
}
function rings(svg, { cx, cy, step, outer, reach, k }) {
  for (let n = 1; n * step <= outer * (1 + 1e-9); n++) svg.append(s("circle", { class: "ana-ring", cx, cy, r: reach(n * step), "stroke-width": k }));
  for (let n = 0; n < 8; n++) {
    const [x1, y1] = at(cx, cy, reach(0), n * 45), [x2, y2] = at(cx, cy, reach(outer), n * 45);
    svg.append(s("line", { class: "ana-ring", x1, y1, x2, y2, "stroke-width": k }));
  }
}
/** Above the petals, on the ground's colour, along the way between two directions. */
function labels(svg, { cx, cy, step, outer, reach, k, unit }) {
  const every = Math.max(1, Math.ceil(outer / step / 4));
  for (let n = every; n * step <= outer * (1 + 1e-9); n += every) {
    const [x, y] = at(cx, cy, reach(n * step), 11.25);
    svg.append(s("text", { class: "ana-secondary ana-halo", "stroke-width": 3 * k, "font-size": 11 * k, x: x - 3 * k, y: y + 4 * k }, `${axisFigure(n * step, step)}${n * step > outer * 0.99 ? ` ${unit}` : ""}`));
  }
}
export const POINTS = () => [t("N"), t("NNE"), t("NE"), t("ENE"), t("E"), t("ESE"), t("SE"), t("SSE"), t("S"), t("SSW"), t("SW"), t("WSW"), t("W"), t("WNW"), t("NW"), t("NNW")];
function compass(svg, cx, cy, r, k) {
  const names = POINTS();
  for (let n = 0; n < 16; n += 2) {
    const [x, y] = at(cx, cy, r, n * 22.5);
    svg.append(s("text", { class: n % 4 ? "ana-middle ana-secondary" : "ana-middle ana-bold", x, y: y + 4 * k }, names[n]));
  }
}
/** What each step means, in a row below. */
function keys(svg, key, width, y, k) {
  const room = Math.min(width / key.length, 84 * k);
  key.forEach(([kind, name], n) => {
    const x = (width - room * key.length) / 2 + n * room;
    svg.append(s("rect", { class: `ana-petal ${kind}`, x, y: y - 10 * k, width: 12 * k, height: 12 * k, "stroke-width": k }), s("text", { class: "ana-secondary", x: x + 17 * k, y }, name));
  });
}
export const percent = (share, digits = 1) => (share === null || share === undefined ? "—" : `${figure(100 * share, digits)} %`);
/** Cut, not rounded: 100 % is said only where nothing is missing. */
export const cutPercent = (share) => (share === null ? "—" : `${Math.floor(share * 1000 + 1e-9) / 10} %`);
