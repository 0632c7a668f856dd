// The card of the footprint: who lies in it, the legend, what it rests on; and the what-if panel.

import { $, ageOf, el, lang, moment, named, setData, setText, shortName, span, t } from "../common/core.mjs";
import { assumptions, kilograms, kilometres, pieces, places, ppm, soon } from "./plume_words.mjs";

const MOST = 12;
const CLASSES = ["A", "B", "C", "D", "E", "F"];
let act = null, live = null, shown = null, filled = "", timer = 0;
const moved = new Set(); // the fields that a person has changed

export function start(actions) {
  act = actions;
  $("plume-close").addEventListener("click", () => { act.close(); $("plume-open").focus({ preventScroll: true }); });
  $("plume-open").addEventListener("click", () => { act.open(); $("plume-close").focus({ preventScroll: true }); });
  $("plume-centre").addEventListener("click", () => act.centre());
  $("plume-back").addEventListener("click", leave);
  $("plume-try").addEventListener("click", () => panel($("plume-form").hidden));
  $("plume-card").addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  build($("plume-form"));
}
/** live: as it is; found: what the map shows, null where nothing is. */
export function show({ live: present, found, what_if, closed }) {
  live = present;
  shown = found;
  $("plume-card").hidden = !found;
  $("plume-open").hidden = !(closed && present);
  if (!present) { panel(false); moved.clear(); }
  if (!found) return;
  setData($("plume-card"), "whatIf", what_if ? "yes" : null);
  $("plume-what-if").hidden = !what_if;
  $("plume-back").hidden = !what_if;
  const key = JSON.stringify({ ...found, at: null });
  if (key !== filled) fill(found);
  filled = key;
  preset();
  age(found);
}
/** Ages count on between two answers. */
export function age(found, failed = false) {
  if (!found) return;
  const s = ageOf(found.at);
  setText($("plume-time"), failed || s > 90 ? t("computed {span} ago", { span: span(s) }) : moment(found.at));
  setData($("plume-time"), "old", failed || s > 90 ? "yes" : null);
  const wind = found.weather.wind;
  setText($("plume-rests"), assumptions(found, wind?.at ? ageOf(wind.at) : null));
}
function fill(found) {
  $("plume-headline").replaceChildren(...pieces(found.headline).map(([text, strong]) => el(strong ? "b" : "span", "", text)));
  setText($("plume-first"), found.advice[0]?.[lang] ?? "");
  $("plume-legend").replaceChildren(...legend(found));
  const grave = found.caveats.filter((each) => each.grave), plain = found.caveats.filter((each) => !each.grave);
  $("plume-grave").replaceChildren(...grave.map((each) => el("li", "", each[lang])));
  $("plume-advice").replaceChildren(...found.advice.map((each) => el("li", "", each[lang])));
  $("plume-caveats").replaceChildren(...plain.map((each) => el("li", "", each[lang])), ...rests(found));
  list(found);
}
function legend(found) {
  const zones = found.zones.map((zone) => {
    const node = el("li", "plume-key");
    const name = zone.limit.confirmed ? zone.limit.name : t("{limit} (unconfirmed)", { limit: zone.limit.name });
    const reach = zone.reach_m > 0 ? kilometres(zone.reach_m, zone.more) : t("not reached");
    node.append(el("span", "swatch", "", { "data-grade": zone.grade }), el("span", "", `${name} ${ppm(zone.limit.ppm)} ppm`), el("span", "secondary", reach));
    return node;
  });
  if (found.spread_deg !== null) {
    const node = el("li", "plume-key");
    node.append(el("span", "swatch wedge"), el("span", "", t("wind ±{deg}°", { deg: Math.round(found.spread_deg) })));
    zones.push(node);
  }
  return zones;
}
/** Where it comes from, and what the operator has not given. */
function rests(found) {
  const exposure = found.zones[0]?.exposure, said = [];
  if (found.source.reason) said.push(`${named(found.source.reason)} ${shortName(found.source.names)}`);
  if (found.weather.wind?.station) said.push(t("Wind of {station}, {km} km away, {n} readings.", { station: found.weather.wind.station, km: (found.weather.wind.distance_m / 1000).toFixed(1), n: found.weather.wind.readings }));
  if (exposure && exposure.roads === null) said.push(t("No road layer: roads are not counted."));
  if (exposure && exposure.facilities === null) said.push(t("No facility layer: schools and hospitals are not counted."));
  if (exposure && exposure.people === null) said.push(t("No population: people are not counted."));
  const crowd = exposure?.people;
  if (crowd && !crowd.confirmed) said.push(t("People by {source}.", { source: named(crowd.sources) || crowd.source }));
  said.push(`${found.model}, ${found.zones.map(({ limit }) => `${limit.name} ${limit.minutes} min: ${limit.evidence}`).join("; ")}`);
  return said.map((text) => el("li", "quiet", text));
}
function list(found) {
  const all = places(found);
  const rows = all.slice(0, MOST).map((each) => {
    const node = el("li", "plume-place");
    const swatch = each.grade === "wedge" ? el("span", "swatch wedge", "", { title: t("if the wind turns") }) : el("span", "swatch", "", { "data-grade": each.grade });
    node.append(swatch, el("span", "plume-place-name", shortName(each.names)),
      el("span", "secondary", kilometres(each.distance_m)), el("span", "plume-place-time", soon(each.arrival_s, each.grade === "wedge" ? null : found.elapsed_s)));
    return node;
  });
  if (all.length > MOST) rows.push(el("li", "quiet", t("and {n} more", { n: all.length - MOST })));
  $("plume-places").replaceChildren(...rows);
  setText($("plume-places-count"), String(all.length));
  $("plume-places-part").hidden = !all.length;
}

// ---- what if

function build(form) {
  form.append(
    slider("wind_from_deg", t("Wind from"), 0, 355, 5), slider("wind_speed_ms", t("Wind speed"), 0.5, 20, 0.5),
    slider("rate", t("Rate"), -20, 40, 1), choice(),
    el("p", "plume-said", "", { role: "alert" }),
  );
  form.addEventListener("input", ({ target }) => { moved.add(target.name); words(); clearTimeout(timer); timer = setTimeout(send, 120); });
  form.addEventListener("submit", (event) => event.preventDefault());
}
function slider(name, label, min, max, step) {
  const node = el("label", "plume-field");
  node.append(el("span", "", label), el("input", "", null, { type: "range", name, min, max, step }), el("output", "", ""));
  return node;
}
function choice() {
  const node = el("label", "plume-field"), select = el("select", "field", null, { name: "stability" });
  select.append(el("option", "", t("by weather"), { value: "" }), ...CLASSES.map((name) => el("option", "", name, { value: name })));
  node.append(el("span", "", t("Stability")), select);
  return node;
}
// The rate goes by tenths of a decade: 0.01 to 10,000 kg/s at a step of a quarter.
const rateOf = (value) => Number((10 ** (value / 10)).toPrecision(2));
const stepOf = (rate) => Math.round(10 * Math.log10(rate));

/** Each slider stands where things are, as long as nobody has moved it. */
function preset() {
  const form = $("plume-form"), wind = live?.weather.wind;
  const values = { wind_from_deg: Math.round((wind?.from_deg ?? 0) / 5) * 5 % 360, wind_speed_ms: wind?.speed_ms ?? 3, rate: stepOf(live?.release.rate_kgs ?? 1), stability: "" };
  for (const [name, value] of Object.entries(values)) if (!moved.has(name)) form[name].value = value;
  words();
}
function words() {
  const form = $("plume-form");
  const { wind_from_deg, wind_speed_ms, rate } = wanted();
  const said = { wind_from_deg: `${Math.round(wind_from_deg)}° ${point(wind_from_deg)}`, wind_speed_ms: `${wind_speed_ms.toFixed(1)} m/s`, rate: `${kilograms(rate)} kg/s` };
  for (const [name, text] of Object.entries(said)) {
    setText(form[name].nextElementSibling, text);
    form[name].setAttribute("aria-valuetext", text);
  }
}
const POINTS = lang === "zh" ? ["北", "东北", "东", "东南", "南", "西南", "西", "西北"] : ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
const point = (deg) => POINTS[Math.round(deg / 45) % 8];

/** Where things are, with what was moved in its place: a slider is coarser than what is measured. */
function wanted() {
  const form = $("plume-form"), wind = live?.weather.wind;
  const of = (name, measured, read = Number) => (moved.has(name) || measured === null || measured === undefined ? read(form[name].value) : measured);
  return { wind_from_deg: of("wind_from_deg", wind?.from_deg), wind_speed_ms: of("wind_speed_ms", wind?.speed_ms), rate: of("rate", live?.release.rate_kgs, rateOf), stability: form.stability.value };
}
async function send() {
  const { rate, stability, ...wind } = wanted();
  const values = Object.fromEntries(Object.entries({ ...wind, rate_kgs: rate, stability }).filter(([name]) => moved.has(name === "rate_kgs" ? "rate" : name)));
  if (!values.stability) delete values.stability;
  if (!Object.keys(values).length) return act.back();
  say(await act.what_if(values));
}
/** What became of the question: a sentence, or null. */
export function say(sentence) {
  setText($("plume-form").querySelector(".plume-said"), sentence ?? "");
}
function panel(open) {
  $("plume-form").hidden = !open;
  setData($("plume-card"), "trying", open ? "yes" : null); // on a phone the legend makes room
  $("plume-try").setAttribute("aria-expanded", String(open));
  if (open) $("plume-form").wind_from_deg.focus({ preventScroll: true });
}
function leave() {
  clearTimeout(timer);
  moved.clear();
  act.back();
  preset();
  say(null);
  $("plume-try").focus({ preventScroll: true });
}
