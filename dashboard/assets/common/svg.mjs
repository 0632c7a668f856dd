// Drawing by hand: SVG elements with attributes only (a strict CSP, and a picture that stands alone), scales, round ticks.

const SPACE = "http://www.w3.org/2000/svg";

/** An element; children may be elements or text. Colours come from classes, so that a theme changes them. */
export function s(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SPACE, tag);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(key, typeof value === "number" ? round(value) : value);
  node.append(...children);
  return node;
}
export const round = (n) => Math.round(n * 100) / 100;

/** The ground of a chart. k: how many px a px of the look is; what: a sentence for who does not see it. */
export function canvas(width, height, k, what) {
  return s("svg", { class: "ana", viewBox: `0 0 ${round(width)} ${round(height)}`, width, height, role: "img", "aria-label": what, "font-size": 12 * k });
}
export const linear = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

/** Round values within [low, high], about n of them. */
export function ticks(low, high, n = 5) {
  const step = niceStep((high - low) / n);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}
export function niceStep(about) {
  if (!(about > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(about));
  return [1, 2, 5, 10].find((each) => each * power >= about * (1 - 1e-9)) * power;
}
/** A figure on an axis: no more digits than its step has. */
export function axisFigure(value, step) {
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  const written = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return value < 0 ? `−${written}` : written;
}
let measure = null;
/** The width of a text, in px of 12 px letters. */
export function widthOf(text) {
  measure ??= document.createElement("canvas").getContext("2d");
  measure.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return measure.measureText(text).width;
}
/** Cut to a width with an ellipsis. */
export function cut(text, width) {
  if (widthOf(text) <= width) return text;
  let short = text;
  while (short.length > 1 && widthOf(`${short}…`) > width) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}
