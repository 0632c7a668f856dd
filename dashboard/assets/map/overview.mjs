// The overview inset: land and water once, the frame of what is in view as it moves.

import { $ } from "../common/core.mjs";

let box = null; // [west, south, east, north]
let shown = null; // {data, colour}: a canvas that was hidden, or has another size now, is drawn again

/** Draw from the first polygon source of the style whose name says land. */
export async function draw(style, colour) {
  const land = Object.entries(style.sources).find(([name, s]) => s.type === "geojson" && /land/.test(name));
  if (!land) return;
  const data = typeof land[1].data === "string" ? await (await fetch(land[1].data)).json() : land[1].data;
  if (!shown) new ResizeObserver(paint).observe($("overview-map"));
  shown = { data, colour };
  paint();
}
function paint() {
  const { data, colour } = shown, canvas = $("overview-map");
  const ratio = Math.max(1, devicePixelRatio), width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  box = fit(width / height);
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = colour("map-sea");
  ctx.fillRect(0, 0, width, height);
  const path = new Path2D();
  for (const feature of data.features) rings(feature.geometry, (ring) => trace(path, ring, width, height));
  ctx.fillStyle = colour("map-land");
  ctx.fill(path, "evenodd");
  ctx.strokeStyle = colour("map-coast");
  ctx.lineWidth = 0.6;
  ctx.stroke(path);
}
function rings(geometry, use) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  for (const polygon of polygons) for (const ring of polygon) use(ring);
}
function trace(path, ring, width, height) {
  ring.forEach(([lon, lat], i) => {
    const [x, y] = place(lon, lat, width, height);
    if (i) path.lineTo(x, y);
    else path.moveTo(x, y);
  });
  path.closePath();
}
/** The district with its surroundings, in the inset's proportion. */
function fit(proportion) {
  const [lon, lat, halfHeight] = [121.9, 29.86, 0.22];
  const halfWidth = (halfHeight * proportion) / Math.cos((lat * Math.PI) / 180);
  return [lon - halfWidth, lat - halfHeight, lon + halfWidth, lat + halfHeight];
}
function place(lon, lat, width, height) {
  return [((lon - box[0]) / (box[2] - box[0])) * width, ((box[3] - lat) / (box[3] - box[1])) * height];
}
export function frame(map, free) {
  const canvas = $("overview-map"), mark = $("overview-frame");
  if (!box || !canvas.clientWidth) return;
  const a = map.unproject([free.left, free.top]), b = map.unproject([free.right, free.bottom]);
  const [x0, y0] = place(a.lng, a.lat, canvas.clientWidth, canvas.clientHeight);
  const [x1, y1] = place(b.lng, b.lat, canvas.clientWidth, canvas.clientHeight);
  const cut = (v, limit) => Math.min(limit, Math.max(0, v));
  const left = cut(x0, canvas.clientWidth - 4), top = cut(y0, canvas.clientHeight - 4);
  Object.assign(mark.style, {
    left: `${left}px`, top: `${top}px`,
    width: `${Math.max(3, cut(x1, canvas.clientWidth) - left)}px`, height: `${Math.max(3, cut(y1, canvas.clientHeight) - top)}px`,
  });
}
