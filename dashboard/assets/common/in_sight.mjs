// What has the focus stays in sight when something that comes late grows above it: a browser's own
// scroll anchoring does nothing while a box stands at its top.

/** For a box that scrolls, whose children are there from the start. */
export function keepInSight(box) {
  let wasSeen = false;
  const focused = () => (box.contains(document.activeElement) && document.activeElement !== box ? document.activeElement : null);
  const look = () => { wasSeen = focused() !== null && isSeen(focused(), box); };
  const grown = new ResizeObserver(() => { // who scrolled away from it is not brought back
    if (wasSeen && focused() && !isSeen(focused(), box)) focused().scrollIntoView({ block: "nearest" });
  });
  for (const child of box.children) grown.observe(child);
  box.addEventListener("focusin", look);
  box.addEventListener("scroll", look, { passive: true });
}
function isSeen(node, box) {
  const one = node.getBoundingClientRect(), frame = box.getBoundingClientRect();
  return one.bottom > frame.top && one.top < frame.bottom;
}
