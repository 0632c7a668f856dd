// Outside tiles in GCJ-02, moved to where they belong on a WGS-84 map.
// register(maplibregl, "https://.../{z}/{x}/{y}.png") before the map is made; the style asks for gcj02://z/x/y.

const TILE = 256;

export function register(maplibregl, template) {
  maplibregl.addProtocol("gcj02", async ({ url }, abort) => {
    const [z, x, y] = url.slice("gcj02://".length).split("/").map(Number);
    const fetched = (column, row) => fetchTile(template, z, column, row, abort.signal);
    return { data: await movedTile(z, x, y, fetched) };
  });
}

/** The WGS-84 tile z/x/y cut from the up to four GCJ-02 tiles under it; the shift is taken at its centre. */
export async function movedTile(z, x, y, fetched) {
  const [lon, lat] = degrees(z, x + 0.5, y + 0.5);
  const [column, row] = tileOf(z, ...toGcj02(lon, lat));
  const left = Math.round((column - 0.5) * TILE), top = Math.round((row - 0.5) * TILE);
  const canvas = new OffscreenCanvas(TILE, TILE);
  const context = canvas.getContext("2d");
  const draw = async (c, r) => context.drawImage(await fetched(c, r), c * TILE - left, r * TILE - top, TILE, TILE);
  const columns = covered(left), rows = covered(top);
  await Promise.all(columns.flatMap((c) => rows.map((r) => draw(c, r))));
  return canvas.transferToImageBitmap();
}

/** WGS-84 to GCJ-02, degrees [lon, lat]: the same formula as gis/crs.py, kept equal by a test. */
export function toGcj02(lon, lat) {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
  const { PI, sin, cos, sqrt, abs } = Math;
  const x = lon - 105, y = lat - 35, root = sqrt(abs(x));
  const common = 20 * sin(6 * x * PI) + 20 * sin(2 * x * PI);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
  north += ((common + 20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  north += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
  east += ((common + 20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  east += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const a = 6378245, e2 = 0.00669342162296594323, phi = (lat * PI) / 180;
  const magic = 1 - e2 * sin(phi) ** 2;
  const dLat = (north * magic * sqrt(magic)) / (a * (1 - e2)), dLon = (east * sqrt(magic)) / (a * cos(phi));
  return [lon + (dLon * 180) / PI, lat + (dLat * 180) / PI];
}

async function fetchTile(template, z, column, row, signal) {
  const address = template.replace("{z}", z).replace("{x}", column).replace("{y}", row);
  const response = await fetch(address, { signal, referrerPolicy: "no-referrer" });
  if (!response.ok) throw new Error(`The outside tile ${z}/${column}/${row} was refused: ${response.status}`);
  return createImageBitmap(await response.blob());
}
/** The one or two tiles that a stretch of TILE pixels from `start` lies on. */
function covered(start) {
  const first = Math.floor(start / TILE);
  return start % TILE === 0 ? [first] : [first, first + 1];
}
function tileOf(z, lon, lat) {
  const phi = (lat * Math.PI) / 180, n = 2 ** z;
  return [((lon + 180) / 360) * n, ((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * n];
}
function degrees(z, column, row) {
  const n = 2 ** z;
  return [(column / n) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / n))) * 180) / Math.PI];
}
