// Which markers stand on the map and which give way to a neighbour; positions in, places out. Pure.

/**
 * marks: [{code, x, y, rank, fixed, radius}] in px. The higher rank stays; fixed ones (alerts, the
 * selected station) always do. Returns {shown: Set of codes, places: [{code, hidden: [codes]}]}:
 * each code that gives way is counted at the nearest shown marker that it would have touched.
 * Only distances count, so that panning changes nothing. The work grows with the number of marks,
 * not with its square: each looks at its own surroundings only.
 */
export function thin(marks, gap = 2) {
  const shown = new Near(2 * largest(marks) + gap), hidden = [];
  for (const mark of [...marks].sort(worstFirst)) {
    if (mark.fixed || !shown.some(mark, (other) => touch(mark, other, gap))) shown.add(mark);
    else hidden.push(mark);
  }
  const places = new Map();
  for (const mark of hidden) {
    const near = shown.around(mark).filter((other) => touch(mark, other, gap)).reduce((a, b) => (nearer(mark, a, b) ? a : b));
    if (!places.has(near.code)) places.set(near.code, []);
    places.get(near.code).push(mark.code);
  }
  return { shown: new Set(shown.codes), places: [...places].map(([code, codes]) => ({ code, hidden: codes })) };
}
/**
 * As `thin`; where that leaves more than `most` numbers, with gaps so wide that the ground has room
 * for about so many: ten thousand stations are no carpet of rings. The width follows from the
 * marks alone, not from the view.
 */
export function thinTo(marks, most, gap = 2) {
  const found = thin(marks, gap);
  if (found.places.length <= most) return found;
  const ground = Math.max(1, breadth(marks.map(({ x }) => x))) * Math.max(1, breadth(marks.map(({ y }) => y)));
  return thin(marks, Math.max(gap, Math.sqrt((PACKED * ground) / most) - 2 * largest(marks)));
}
const PACKED = 0.7; // of the squares of their distance, what discs laid at random cover of the ground
const breadth = (values) => values.reduce((most, each) => Math.max(most, each), -Infinity) - values.reduce((least, each) => Math.min(least, each), Infinity);

/** For each place the side ([dx, dy] in px) where its number stands clearest of shown markers. */
export function numberSides(marks, places, radius) {
  const at = new Map(marks.map((mark) => [mark.code, mark]));
  const taken = new Near(2 * largest(marks) + 2 * radius + 3);
  for (const mark of marks) taken.add(mark);
  const sides = new Map();
  for (const { code } of places) {
    const mark = at.get(code);
    const others = taken.around(mark).filter((each) => each.x !== mark.x || each.y !== mark.y);
    const side = best(SIDES.map(([x, y]) => [x * (mark.radius + 3), y * (mark.radius + 3)]), ([dx, dy]) => overlap({ x: mark.x + dx, y: mark.y + dy, radius }, others));
    sides.set(code, side);
    taken.add({ x: mark.x + side[0], y: mark.y + side[1], radius });
  }
  return sides;
}
const SIDES = [[0.76, 0.76], [-0.76, 0.76], [0.76, -0.76], [-0.76, -0.76], [0, 1], [0, -1], [1, 0], [-1, 0]];

/** Discs by squares of the ground: what is within `size` of a mark lies in its own or a next one. */
class Near {
  constructor(size) {
    this.size = Math.max(size, 1);
    this.cells = new Map();
    this.codes = [];
  }
  add(mark) {
    const key = this.key(Math.floor(mark.x / this.size), Math.floor(mark.y / this.size));
    if (!this.cells.has(key)) this.cells.set(key, []);
    this.cells.get(key).push(mark);
    this.codes.push(mark.code);
  }
  around(mark) {
    const found = [];
    this.some(mark, (other) => { found.push(other); });
    return found;
  }
  some({ x, y }, wanted) {
    const column = Math.floor(x / this.size), row = Math.floor(y / this.size);
    for (let c = column - 1; c <= column + 1; c++) for (let r = row - 1; r <= row + 1; r++) {
      if (this.cells.get(this.key(c, r))?.some(wanted)) return true;
    }
    return false;
  }
  key(column, row) {
    return column * 2 ** 26 + row;
  }
}

const largest = (marks) => marks.reduce((most, { radius }) => Math.max(most, radius), 0);
const worstFirst = (a, b) => Number(b.fixed) - Number(a.fixed) || b.rank - a.rank || (a.code < b.code ? -1 : 1);
const apart = (a, b) => Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2); // asked a million times: hypot is ten times slower
const nearer = (mark, a, b) => (apart(mark, a) - apart(mark, b) || worstFirst(a, b)) <= 0;
// Half a pixel of slack: what projection rounds must not make a marker come and go.
const touch = (a, b, gap) => apart(a, b) < a.radius + b.radius + gap - 0.5;
const overlap = (disc, others) => others.reduce((sum, other) => sum + Math.max(0, disc.radius + other.radius - apart(disc, other)), 0);
/** The first of the least. */
function best(candidates, cost) {
  const costs = candidates.map(cost);
  return candidates[costs.indexOf(Math.min(...costs))];
}
