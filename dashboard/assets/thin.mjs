// Which markers stand on the map and which give way to a neighbour; positions in, places out. Pure.

/**
 * marks: [{code, x, y, rank, fixed, radius}] in px. The higher rank stays; fixed ones (alerts, the
 * selected station) always do. Returns {shown: Set of codes, places: [{code, hidden: [codes]}]}:
 * each code that gives way is counted at the nearest shown marker that it would have touched.
 * Only distances count, so that panning changes nothing.
 */
export function thin(marks, gap = 2) {
  const shown = [], hidden = [];
  for (const mark of [...marks].sort(worstFirst)) {
    if (mark.fixed || !shown.some((other) => touch(mark, other, gap))) shown.push(mark);
    else hidden.push(mark);
  }
  const places = new Map();
  for (const mark of hidden) {
    const near = shown.filter((other) => touch(mark, other, gap)).sort((a, b) => apart(mark, a) - apart(mark, b) || worstFirst(a, b))[0];
    places.set(near.code, [...(places.get(near.code) ?? []), mark.code]);
  }
  return { shown: new Set(shown.map((mark) => mark.code)), places: [...places].map(([code, codes]) => ({ code, hidden: codes })) };
}

/** For each place the side ([dx, dy] in px) where its number stands clearest of shown markers. */
export function numberSides(marks, places, radius) {
  const at = new Map(marks.map((mark) => [mark.code, mark]));
  const taken = marks.map(({ x, y, radius: r }) => ({ x, y, radius: r }));
  const sides = new Map();
  for (const { code } of places) {
    const mark = at.get(code);
    const others = taken.filter((each) => each.x !== mark.x || each.y !== mark.y);
    const side = best(SIDES.map(([x, y]) => [x * (mark.radius + 3), y * (mark.radius + 3)]), ([dx, dy]) => overlap({ x: mark.x + dx, y: mark.y + dy, radius }, others));
    sides.set(code, side);
    taken.push({ x: mark.x + side[0], y: mark.y + side[1], radius });
  }
  return sides;
}
const SIDES = [[0.76, 0.76], [-0.76, 0.76], [0.76, -0.76], [-0.76, -0.76], [0, 1], [0, -1], [1, 0], [-1, 0]];

const worstFirst = (a, b) => Number(b.fixed) - Number(a.fixed) || b.rank - a.rank || (a.code < b.code ? -1 : 1);
const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
// Half a pixel of slack: what projection rounds must not make a marker come and go.
const touch = (a, b, gap) => apart(a, b) < a.radius + b.radius + gap - 0.5;
const overlap = (disc, others) => others.reduce((sum, other) => sum + Math.max(0, disc.radius + other.radius - apart(disc, other)), 0);
/** The first of the least. */
function best(candidates, cost) {
  const costs = candidates.map(cost);
  return candidates[costs.indexOf(Math.min(...costs))];
}
