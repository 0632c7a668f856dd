// Where leaders end: never on one another nor on what stands there; right before left. Pure.

const GAP = 30, LINE = 17, WIDTH = 62;
/**
 * spots: [{x, y, ...}] where leaders begin; free: what may be written on; taken: boxes {left, top,
 * right, bottom}. Returns the spots that found room, with `to` ({x, y}), `anchor` and `box`.
 */
export function beside(spots, free, taken, scale) {
  const boxes = [...taken], placed = [];
  for (const spot of [...spots].sort((a, b) => a.y - b.y)) {
    const options = [1, -1].flatMap((side) => [0, 1, -1, 2, -2, 3, -3].map((step) => option(spot, side, step, scale)));
    const open = options.filter(({ box }) => box.left > free.left && box.right < free.right && box.top > free.top && box.bottom < free.bottom);
    const found = open.find(({ box }) => !boxes.some((other) => meet(box, other)));
    if (!found) continue; // the card says it too
    boxes.push(found.box);
    placed.push({ ...spot, ...found });
  }
  return placed;
}
function option({ x, y }, side, step, scale) {
  const to = { x: x + side * GAP * scale, y: y + step * LINE * scale };
  const far = to.x + side * WIDTH * scale;
  const box = { left: Math.min(to.x, far), right: Math.max(to.x, far), top: to.y - (LINE / 2) * scale, bottom: to.y + (LINE / 2) * scale };
  return { to, box, anchor: side > 0 ? "start" : "end" };
}
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
