// Where tags stand: beside their marker, never on one another nor on a tagged marker. Pure.

const GAP = 7; // px between a marker's edge and its tag

/**
 * tags: [{code, x, y, width, height, radius}], the most important first; side: where it stood.
 * free: {left, top, right, bottom}; fixed: discs {x, y, radius} that no tag may cover;
 * soft: discs that a tag covers only where it must; panels: boxes that would cover a tag; rest: {code, x, y} that get no tag. Returns a
 * Map: code -> {side, dx, dy} (the tag's middle from its marker) or {at}: no room, counted on the
 * tag of that code.
 */
export function place(tags, { free, fixed = [], soft = [], panels = [], rest = [] }) {
  const found = new Map(), boxes = [];
  for (const tag of tags) {
    const all = SIDES.map((side) => spot(tag, side));
    const clear = all.filter(({ box }) => !panels.some((panel) => meet(box, panel)));
    const spots = clear.length ? clear : all; // half under a panel before none at all
    const open = clear.filter(({ box }) => inside(box, free) && !boxes.some((other) => meet(box, other)) && !fixed.some((disc) => covers(box, disc)));
    if (!open.length && boxes.length) {
      found.set(tag.code, { at: nearest(tag, tags, found) });
      continue;
    }
    const { side, box, dx, dy } = cheapest(open.length ? open : spots, tag.side, soft);
    found.set(tag.code, { side, dx, dy });
    boxes.push(box);
  }
  if (boxes.length) for (const each of rest) found.set(each.code, { at: nearest(each, tags, found) });
  return found;
}

const SIDES = ["right", "left", "above", "below"];
const STEPS = { right: [1, 0], left: [-1, 0], above: [0, -1], below: [0, 1] };
function spot(tag, side) {
  const [h, v] = STEPS[side];
  const dx = h * (tag.radius + GAP + tag.width / 2), dy = v * (tag.radius + GAP + tag.height / 2);
  const x = tag.x + dx, y = tag.y + dy;
  return { side, dx, dy, box: { left: x - tag.width / 2, right: x + tag.width / 2, top: y - tag.height / 2, bottom: y + tag.height / 2 } };
}
/** The fewest covered; where two are equal the side it had, then right, left, above, below. */
function cheapest(spots, had, soft) {
  const cost = ({ side, box }) => soft.filter((disc) => covers(box, disc)).length - (side === had ? 0.5 : 0);
  return spots.reduce((least, each) => (cost(each) < cost(least) ? each : least));
}
function nearest(tag, tags, found) {
  const placed = tags.filter((other) => found.get(other.code)?.side);
  return placed.reduce((near, other) => (apart(tag, other) < apart(tag, near) ? other : near)).code;
}
const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const inside = (box, free) => box.left >= free.left && box.right <= free.right && box.top >= free.top && box.bottom <= free.bottom;
const meet = (a, b) => a.left < b.right + 2 && b.left < a.right + 2 && a.top < b.bottom + 2 && b.top < a.bottom + 2;
function covers(box, { x, y, radius }) {
  const dx = x - Math.min(box.right, Math.max(box.left, x)), dy = y - Math.min(box.bottom, Math.max(box.top, y));
  return Math.hypot(dx, dy) < radius;
}
