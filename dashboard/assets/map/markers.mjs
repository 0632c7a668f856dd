// Marker pictures, drawn from symbols.svg in the theme's colours: shape first, colour second.

const SIZES = { red: 34, orange: 38, yellow: 38, blue: 34 }; // px of the grade shape
const symbols = new Map(); // id -> [{path, fill, stroke, width}]
let viewBoxes = new Map();

export async function load(url) {
  const svg = new DOMParser().parseFromString(await (await fetch(url)).text(), "image/svg+xml");
  for (const symbol of svg.querySelectorAll("symbol")) {
    viewBoxes.set(symbol.id, symbol.getAttribute("viewBox").split(" ").map(Number));
    symbols.set(symbol.id, [...symbol.querySelectorAll("path, circle, rect")].map(part));
  }
}
function part(node) {
  const value = (name) => node.getAttribute(name) ?? node.parentElement.getAttribute(name);
  const number = (name) => Number(node.getAttribute(name));
  let path = new Path2D();
  if (node.localName === "path") path = new Path2D(node.getAttribute("d"));
  if (node.localName === "circle") path.arc(number("cx"), number("cy"), number("r"), 0, 7);
  if (node.localName === "rect") path.roundRect(number("x"), number("y"), number("width"), number("height"), number("rx"));
  return { path, fill: value("fill") !== "none", stroke: value("stroke") && value("stroke") !== "none", width: Number(value("stroke-width") ?? 1) };
}

/** Colours of the theme in force, from the page's custom properties. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

/** The picture for a name such as `reservoir|normal`, `reservoir|normal|7` (seven tenths full; `-`: not known), `air|red`, `air|red-owned`, `ring`, `wind|3`. */
export function draw(name, colour, scale, ratio) {
  const [kind, state, level] = name.split("|");
  const side = 52;
  const canvas = new OffscreenCanvas(Math.round(side * scale * ratio), Math.round(side * scale * ratio));
  const ctx = canvas.getContext("2d", { willReadFrequently: true }); // its pixels are read at once: not from a graphics card
  ctx.scale(scale * ratio, scale * ratio);
  ctx.translate(side / 2, side / 2);
  if (kind === "ring") ring(ctx, colour);
  else if (kind === "wind") wind(ctx, colour, Number(state));
  else if (/^(red|orange|yellow|blue)/.test(state)) graded(ctx, colour, kind, state);
  else plain(ctx, colour, kind, state, level);
  return ctx.getImageData(0, 0, canvas.width, canvas.height);
}
function plain(ctx, colour, kind, state, level) {
  const old = state === "stale", unknown = state === "unknown";
  ctx.beginPath();
  ctx.arc(0, 0, 11, 0, 7);
  ctx.fillStyle = colour("panel");
  ctx.fill();
  ctx.globalAlpha = old ? 0.6 : 1;
  ctx.lineWidth = unknown ? 1.8 : 1.3;
  ctx.strokeStyle = colour(old || unknown ? "text-secondary" : "marker-ring");
  ctx.setLineDash(old ? [3, 2.6] : unknown ? [0.5, 3] : []);
  ctx.lineCap = unknown ? "round" : "butt";
  ctx.stroke();
  ctx.setLineDash([]);
  if (unknown) return letter(ctx, "?", colour("text"));
  if (level !== undefined) tank(ctx, colour, level);
  else glyph(ctx, `i-${kind}`, 13, colour("text-secondary"));
  ctx.globalAlpha = 1;
  if (state === "suspect") badge(ctx, "state-suspect", 10, -9, colour);
}
/** The ring as a tank filled so many tenths: its water is ink, for hue is kept for grades. */
function tank(ctx, colour, level) {
  if (level === "-") return letter(ctx, "—", colour("text-secondary"));
  ctx.save();
  ctx.beginPath();
  ctx.arc(0, 0, 9, 0, 7);
  ctx.clip();
  ctx.fillStyle = colour("control-edge");
  ctx.fillRect(-9, 9 - 1.8 * Number(level), 18, 18);
  ctx.restore();
  ctx.beginPath();
  ctx.arc(0, 0, 9, 0, 7);
  ctx.strokeStyle = colour("text-secondary");
  ctx.lineWidth = 0.8;
  ctx.stroke();
}
function letter(ctx, text, ink) {
  ctx.font = `700 13px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = ink;
  ctx.fillText(text, 0, 1);
}
function graded(ctx, colour, kind, state) {
  const [grade, owned] = state.split("-");
  const size = SIZES[grade] * (grade === "red" ? 0.86 : grade === "blue" ? 0.84 : 0.92);
  outline(ctx, `grade-${grade}`, size, (path) => {
    ctx.fillStyle = owned ? colour("panel") : colour(`${grade}-fill`);
    ctx.fill(path);
    ctx.strokeStyle = owned ? colour(`${grade}-edge`) : colour(`${grade}-stroke`);
    ctx.lineWidth = owned ? 2.4 : 1.2;
    ctx.stroke(path);
  });
  ctx.save();
  if (grade === "yellow") ctx.translate(0, 4);
  glyph(ctx, `i-${kind}`, grade === "red" ? 17 : 14, owned ? colour(`${grade}-edge`) : colour(`${grade}-on-fill`));
  ctx.restore();
  if (owned) tick(ctx, colour, size / 2 - 1, -size / 2 + 2);
}
function outline(ctx, id, size, paint) {
  ctx.save();
  const [, , width] = viewBoxes.get(id) ?? [0, 0, 24];
  ctx.scale(size / (width - 2), size / (width - 2));
  ctx.translate(-12, -12);
  for (const { path } of symbols.get(id) ?? []) paint(path);
  ctx.restore();
}
function glyph(ctx, id, size, ink) {
  ctx.save();
  ctx.scale(size / 24, size / 24);
  ctx.translate(-12, -12);
  ctx.lineCap = ctx.lineJoin = "round";
  for (const { path, fill, stroke, width } of symbols.get(id) ?? []) {
    ctx.fillStyle = ctx.strokeStyle = ink;
    ctx.lineWidth = width * 1.1;
    if (fill) ctx.fill(path);
    if (stroke) ctx.stroke(path);
  }
  ctx.restore();
}
function tick(ctx, colour, x, y) {
  ctx.save();
  ctx.translate(x, y);
  ctx.beginPath();
  ctx.arc(0, 0, 6, 0, 7);
  ctx.fillStyle = colour("text");
  ctx.fill();
  glyph(ctx, "i-tick", 10, colour("panel"));
  ctx.restore();
}
function badge(ctx, id, x, y, colour) {
  ctx.save();
  ctx.translate(x, y);
  ctx.beginPath();
  ctx.arc(0, 0, 5.3, 0, 7);
  ctx.fillStyle = colour("panel");
  ctx.fill();
  ctx.strokeStyle = colour("text");
  ctx.lineWidth = 1.2;
  ctx.stroke();
  ctx.stroke(new Path2D("M-3 0c1-1.8 2-1.8 3 0s2 1.8 3 0"));
  ctx.restore();
}
function ring(ctx, colour) {
  ctx.beginPath();
  ctx.arc(0, 0, 23, 0, 7);
  ctx.strokeStyle = colour("selection");
  ctx.lineWidth = 2;
  ctx.stroke();
}
/** Points up; the map turns it to where the wind goes. Its length gives the speed. */
function wind(ctx, colour, length) {
  ctx.strokeStyle = colour("text-secondary");
  ctx.lineWidth = 1.5;
  ctx.lineCap = ctx.lineJoin = "round";
  const tip = -13 - Math.min(11, 5 + length);
  ctx.stroke(new Path2D(`M0 -13V${tip}M-3.2 ${tip + 4}L0 ${tip}L3.2 ${tip + 4}`));
}
