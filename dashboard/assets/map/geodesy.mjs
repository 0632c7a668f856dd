// Lengths, bearings and areas on the WGS-84 ellipsoid; places are [lon, lat] in degrees. Pure.

const A = 6378137, F = 1 / 298.257223563, B = A * (1 - F); // m
const E2 = F * (2 - F), E = Math.sqrt(E2);
const RAD = Math.PI / 180;
const { sin, cos, tan, atan, atan2, sqrt, abs, hypot } = Math;

/**
 * {metres, bearing}: the shortest way and where it sets out, degrees from north; Vincenty's inverse
 * (Survey Review 23, 1975), within 0.5 mm. Where it does not converge (nearly antipodes): NaN.
 */
export function way([lon1, lat1], [lon2, lat2]) {
  if (lon1 === lon2 && lat1 === lat2) return { metres: 0, bearing: 0 };
  const L = (lon2 - lon1) * RAD, U1 = atan((1 - F) * tan(lat1 * RAD)), U2 = atan((1 - F) * tan(lat2 * RAD));
  let lambda = L;
  for (let turn = 0; turn < 100; turn++) {
    const s = step(U1, U2, lambda);
    const C = (F / 16) * s.cos2A * (4 + F * (4 - 3 * s.cos2A));
    const next = L + (1 - C) * F * s.sinA * (s.sigma + C * s.sinS * (s.cos2M + C * s.cosS * (2 * s.cos2M ** 2 - 1)));
    if (abs(next - lambda) < 1e-12) return { metres: stretch(s), bearing: (atan2(cos(U2) * sin(next), cos(U1) * sin(U2) - sin(U1) * cos(U2) * cos(next)) / RAD + 360) % 360 };
    lambda = next;
  }
  return { metres: NaN, bearing: NaN };
}
function step(U1, U2, lambda) {
  const sinS = hypot(cos(U2) * sin(lambda), cos(U1) * sin(U2) - sin(U1) * cos(U2) * cos(lambda));
  const cosS = sin(U1) * sin(U2) + cos(U1) * cos(U2) * cos(lambda), sigma = atan2(sinS, cosS);
  const sinA = sinS === 0 ? 0 : (cos(U1) * cos(U2) * sin(lambda)) / sinS, cos2A = 1 - sinA ** 2;
  return { sinS, cosS, sigma, sinA, cos2A, cos2M: cos2A === 0 ? 0 : cosS - (2 * sin(U1) * sin(U2)) / cos2A };
}
function stretch({ sinS, cosS, sigma, cos2A, cos2M }) {
  const [a, b] = series(cos2A);
  return B * a * (sigma - bend(b, sinS, cosS, cos2M));
}
function series(cos2A) {
  const u2 = (cos2A * (A ** 2 - B ** 2)) / B ** 2;
  return [1 + (u2 / 16384) * (4096 + u2 * (-768 + u2 * (320 - 175 * u2))), (u2 / 1024) * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))];
}
function bend(b, sinS, cosS, cos2M) {
  const inner = cosS * (2 * cos2M ** 2 - 1) - (b / 6) * cos2M * (4 * sinS ** 2 - 3) * (4 * cos2M ** 2 - 3);
  return b * sinS * (cos2M + (b / 4) * inner);
}
export const distance = (a, b) => way(a, b).metres;
/** Along the points, m. */
export const lengthOf = (points) => points.slice(1).reduce((sum, point, i) => sum + distance(points[i], point), 0);

/** The point so many metres away in a direction; Vincenty's direct formula. */
export function from([lon, lat], bearing, metres) {
  const U1 = atan((1 - F) * tan(lat * RAD)), a1 = bearing * RAD;
  const sigma1 = atan2(tan(U1), cos(a1)), sinA = cos(U1) * sin(a1), cos2A = 1 - sinA ** 2;
  const [a, b] = series(cos2A);
  let sigma = metres / (B * a), cos2M = 0;
  for (let turn = 0; turn < 20; turn++) {
    cos2M = cos(2 * sigma1 + sigma);
    const next = metres / (B * a) + bend(b, sin(sigma), cos(sigma), cos2M);
    if (abs(next - sigma) < 1e-12) break;
    sigma = next;
  }
  const lat2 = atan2(sin(U1) * cos(sigma) + cos(U1) * sin(sigma) * cos(a1), (1 - F) * hypot(sinA, sin(U1) * sin(sigma) - cos(U1) * cos(sigma) * cos(a1)));
  const lambda = atan2(sin(sigma) * sin(a1), cos(U1) * cos(sigma) - sin(U1) * sin(sigma) * cos(a1));
  const C = (F / 16) * cos2A * (4 + F * (4 - 3 * cos2A));
  const L = lambda - (1 - C) * F * sinA * (sigma + C * sin(sigma) * (cos2M + C * cos(sigma) * (2 * cos2M ** 2 - 1)));
  return [lon + L / RAD, lat2 / RAD];
}
/** A closed ring of so many corners around a place. */
export function circle(at, metres, corners = 64) {
  const ring = Array.from({ length: corners }, (_, i) => from(at, (360 * i) / corners, metres));
  return [...ring, ring[0]];
}

/**
 * Area of a ring, m²; closed or not, either way round. On the sphere of the same area as the
 * ellipsoid, each latitude moved to its authalic one, sides as great circles: of a ring up to 100 km
 * across the error is below 0.01 %. A ring that crosses itself has no area: ask `crosses`.
 */
export function areaOf(points) {
  if (points.length < 3) return 0;
  let sum = 0;
  const corners = points.map(([lon, lat]) => [lon * RAD, authalic(lat * RAD)]);
  corners.forEach(([lon1, lat1], i) => {
    const [lon2, lat2] = corners[(i + 1) % corners.length];
    const t1 = tan(lat1 / 2), t2 = tan(lat2 / 2), half = (((lon2 - lon1 + 3 * Math.PI) % (2 * Math.PI)) - Math.PI) / 2;
    sum += 2 * atan2(tan(half) * (t1 + t2), 1 + t1 * t2); // excess of the sphere between a side and the equator
  });
  return abs(sum) * (A ** 2 / 2) * Q_POLE;
}
const q = (s) => (1 - E2) * (s / (1 - E2 * s ** 2) + Math.atanh(E * s) / E);
const Q_POLE = q(1);
const authalic = (lat) => Math.asin(Math.max(-1, Math.min(1, q(sin(lat)) / Q_POLE)));

/** Whether sides of the ring cross each other. */
export function crosses(points) {
  const side = (i) => [points[i], points[(i + 1) % points.length]];
  for (let i = 0; i < points.length; i++) for (let j = i + 2; j < points.length; j++) {
    if ((j + 1) % points.length !== i && cut(side(i), side(j))) return true;
  }
  return false;
}
function cut([a, b], [c, d]) {
  const turn = (p, r, s) => Math.sign((r[0] - p[0]) * (s[1] - p[1]) - (r[1] - p[1]) * (s[0] - p[0]));
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}
/** Whether a place lies in a GeoJSON Polygon or MultiPolygon. */
export function lies([x, y], { type, coordinates }) {
  const polygons = type === "MultiPolygon" ? coordinates : [coordinates];
  const inRing = (ring) => ring.reduce((inside, [x2, y2], i) => {
    const [x1, y1] = ring[(i + ring.length - 1) % ring.length];
    return (y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1 ? !inside : inside;
  }, false);
  return polygons.some(([outer, ...holes]) => inRing(outer) && !holes.some(inRing));
}
/** [figure, unit] of a length and of an area as they are written. */
export function lengthText(metres) {
  if (metres < 999.5) return [String(Math.round(metres)), "m"];
  return [(metres / 1000).toFixed(metres < 9995 ? 3 : metres < 99_950 ? 2 : 1), "km"];
}
export function areaText(m2) {
  if (m2 < 9999.5) return [Math.round(m2).toLocaleString("en-US"), "m²"];
  return m2 < 999_500 ? [(m2 / 1e4).toFixed(2), "ha"] : [(m2 / 1e6).toFixed(m2 < 99_950_000 ? 3 : 1), "km²"];
}
