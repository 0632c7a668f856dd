// What every module needs: the page's texts and tables, words, numbers, the server's clock, the DOM.

const page = JSON.parse(document.getElementById("page").textContent);
export const { zone, metrics, initials, urls, user, gas, wall, bound, water } = page;
export let lang = page.lang;
/** Go on in another language: only a wallboard has the texts of both. */
export function speak(next) {
  if (!page.tongues?.[next]) return;
  lang = next;
  Object.assign(page, page.tongues[next]);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}
export const GRADES = ["red", "orange", "yellow", "blue"];

// ---- words

/** The text for an English msgid in the page's language, with {placeholders} filled. */
export function t(msgid, values = {}) {
  const found = page.texts[msgid] ?? msgid;
  return found.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}
export const named = (names) => (names ? names[lang] || names.zh || names.en || "" : "");
/** One after another, as the language writes it. */
export const listed = (names) => names.join(lang === "zh" ? "、" : ", ");
const SAMPLE = /\s*[（(](示例|sample)[）)]\s*$/;
/** A name without its "(sample)" ending: the chip in the top bar says it for the whole screen. */
export const shortName = (names) => named(names).replace(SAMPLE, "");
export const isSample = (names) => SAMPLE.test(named(names));
export const metricName = (code) => (metrics[code] ? metrics[code][lang] : code || "");
export const word = (code) => page.words[code] ?? code;
export const gradeWord = word;

// ---- numbers

const formats = new Map(); // digits -> how; to make one anew for each figure takes ten times as long
function written(digits) {
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(digits);
}
export function figure(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "—";
  const shown = written(digits).format(Math.abs(value));
  return value < 0 && Number(shown.replace(/,/g, "")) !== 0 ? "−" + shown : shown;
}
/** [figure, unit] with the metric's decimals; storage in 万 m³ or M m³. */
export function amount(value, metric) {
  const known = metrics[metric];
  if (!known) return [figure(value), ""];
  if (metric === "to_limit_h" && value >= 1000) return [t("not in sight"), ""];
  if (metric !== "storage_m3") return [figure(value, known.digits), known.unit];
  const scaled = Number.isFinite(value) ? value / (lang === "zh" ? 1e4 : 1e6) : null;
  return [figure(scaled, Math.abs(scaled ?? 0) >= 100 ? 0 : 2), lang === "zh" ? "万 m³" : "M m³"];
}
export const valueText = (value, metric) => {
  const [shown, unit] = amount(value, metric);
  return shown === "—" || !unit ? shown : `${shown} ${unit}`;
};
/** The alert's figure in its own unit where it has no metric of the catalogue; of several conditions, how many hold. */
export function alertAmount(alert, value) {
  if (alert.basis === "count") return [figure(value, 0), t("at once")];
  return metrics[alert.metric] ? amount(value, alert.metric) : [figure(value), alert.unit ?? ""];
}
/** What the alert itself compared (its value, its limit): of a rate per hour, else as a reading. */
export const ownAmount = (alert, value) =>
  alert.basis === "rate" ? [figure(value, metrics[alert.metric]?.digits ?? 2), alert.unit ?? ""] : alertAmount(alert, value);

// ---- time: the server's, so that a wrong clock on a desk ages nothing

let offset_ms = 0;
let heard = false;
export function setServerTime(iso) {
  const found = Date.parse(iso) - Date.now();
  // The largest offset is the one whose message travelled the shortest.
  offset_ms = heard && Math.abs(found - offset_ms) < 5000 ? Math.max(found, offset_ms - 5) : found;
  heard = true;
}
/** The present, whatever is shown; `now` is the moment that is shown: in a replay one of the past. */
export const present = () => Date.now() + offset_ms;
export const now = () => past?.at() ?? present();
let past = null; // {at(), known()} of a replay
export const setPast = (clock) => (past = clock);
export const replaying = () => past !== null;
/** The moment and what is known of it, for whom the server is asked; null: live. */
export const pastQuery = () => (past ? { at: past.at(), known: past.known() } : null);
export const ageOf = (iso) => (iso ? Math.max(0, (now() - Date.parse(iso)) / 1000) : null);

/** How old the proof of a canary is, its own way included; null: none ever came back. */
export function canaryAge(one) {
  const age_s = one?.stored_at ? ageOf(one.stored_at) + one.delay_s : null;
  return { age_s, old: age_s === null || age_s > one.old_after_s };
}
/** A length of time, cut not rounded: 4 s, 9 min, 2 h 14 min, 3 d 4 h; precise: 6 min 12 s. */
export function span(seconds, precise = false) {
  const s = Math.floor(Math.max(0, seconds));
  const min = Math.floor(s / 60), h = Math.floor(s / 3600), d = Math.floor(s / 86400);
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return t("{s} s", { s });
  if (min < 10 && precise) return t("{min} min {s} s", { min, s: two(s % 60) });
  if (h === 0) return t("{min} min", { min });
  if (d === 0) return t("{h} h {min} min", { h, min: two(min % 60) });
  return t("{d} d {h} h", { d, h: h % 24 });
}
/** A round time as limits name it: 1 h, 24 h, 10 min. */
export const period = (s) => (s % 3600 ? t("{min} min", { min: s / 60 }) : t("{h} h", { h: s / 3600 }));
/** fresh, late, stale or unknown, counted in reporting intervals. */
export function ageState(age_s, interval_s) {
  if (age_s === null) return "unknown";
  return age_s <= 2 * interval_s ? "fresh" : age_s <= 5 * interval_s ? "late" : "stale";
}
export function ageText(age_s, state) {
  if (age_s === null) return t("no data");
  if (state === "unknown") return t("no data {span}", { span: span(age_s) });
  if (state === "stale") return t("stale {span}", { span: span(age_s) });
  return t("{span} ago", { span: span(age_s) }) + (state === "late" ? t(", late") : "");
}
const clockFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const dateFormats = Object.fromEntries(["zh", "en"].map((code) => [code, new Intl.DateTimeFormat(code === "zh" ? "zh-CN" : "en-GB", {
  timeZone: zone, weekday: "short", day: "numeric", month: code === "zh" ? "numeric" : "short",
})]));
const dayFormat = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
export const clock = (ms) => clockFormat.format(ms);
export function date(ms) {
  const part = Object.fromEntries(dateFormats[lang].formatToParts(ms).map((p) => [p.type, p.value]));
  return lang === "zh" ? `${part.month} 月 ${part.day} 日 ${part.weekday}` :
    `${part.weekday} ${part.day} ${part.month}`;
}
/** 2026-11-22T03:14:07 in the district, as date fields and plotly's axes write it, and back. */
export const toLocal = (ms) => `${dayFormat.format(ms)}T${clock(ms)}`;
/** 2026-11-28 08:00. */
export const toMinute = (ms) => toLocal(ms).slice(0, 16).replace("T", " ");
export function fromLocal(text) {
  const wanted = Date.parse(`${text.replace(" ", "T").slice(0, 19)}Z`);
  if (Number.isNaN(wanted)) return NaN;
  const offset = (ms) => Date.parse(`${toLocal(ms)}Z`) - Math.floor(ms / 1000) * 1000;
  const near = wanted - offset(wanted);
  return wanted - offset(near); // once more, for the hours around a change of the clock
}
/** 03:14 today, 11-21 03:14 on another day. */
export function moment(iso) {
  if (!iso) return "—";
  const ms = Date.parse(iso);
  const day = dayFormat.format(ms);
  return (day === dayFormat.format(now()) ? "" : day.slice(5) + " ") + clock(ms).slice(0, 5);
}

// ---- the DOM: text only, never markup from data; touched only where something differs

const SVG = "http://www.w3.org/2000/svg";
export function el(tag, className = "", text = null, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
export const $ = (id) => document.getElementById(id);
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}
export function setClass(node, className) {
  if (node && node.className !== className) node.className = className;
}
export function setData(node, key, value) {
  if (value === null || value === undefined) delete node.dataset[key];
  else if (node.dataset[key] !== String(value)) node.dataset[key] = value;
}
export function icon(id, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${urls.symbols}#${id}`);
  svg.append(use);
  return svg;
}
/** A grade's shape: filled where nobody has it, hollow with a tick where somebody has. */
export function shape(grade, acknowledged, className = "shape") {
  const node = icon(`grade-${grade}${acknowledged ? "-ack" : ""}`, className);
  node.dataset.grade = grade;
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("x", "50%");
  text.setAttribute("y", "50%");
  text.setAttribute("class", acknowledged ? "hollow" : "filled");
  text.textContent = lang === "zh" ? page.grades[grade].zh : page.grades[grade].level;
  node.append(text);
  return node;
}
/** Set a shape inside a holder only when it changed. */
export function setShape(holder, grade, acknowledged) {
  const key = `${grade}|${acknowledged}`;
  if (holder.dataset.shape === key) return;
  holder.dataset.shape = key;
  holder.replaceChildren(shape(grade, acknowledged));
}
/** Make a container's children those of `items`, in order, reusing each by key. */
export function keyed(container, items, keyOf, make, fill) {
  const old = new Map([...container.children].map((node) => [node.dataset.key, node]));
  let place = container.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = old.get(key);
    if (node) old.delete(key);
    else {
      node = make(item);
      node.dataset.key = key;
    }
    fill(node, item);
    if (node === place) place = place.nextElementSibling;
    else move(container, node, place);
  }
  for (const node of old.values()) node.remove();
}
/** Moving a node drops its focus: give it back. */
function move(container, node, before) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  container.insertBefore(node, before);
  if (focused) focused.focus({ preventScroll: true });
}
/** A changed value: the ground tinted once. */
export function flash(node) {
  node.classList.remove("flash");
  void node.offsetWidth;
  node.classList.add("flash");
}
export const remScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 10;

// ---- cookies and writes

export function setCookie(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}
export const cookie = (name) =>
  document.cookie.split("; ").find((c) => c.startsWith(name + "="))?.slice(name.length + 1) ?? "";
/** A key of a write that may be sent twice. Over plain http a browser makes no UUIDs. */
export const newKey = () => self.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
export async function post(url, body, key) {
  // The last of several bars: nobody acts upon the past for the present.
  if (past) return Response.json({ detail: t("The past is shown: nothing can be changed. Go back to live first.") }, { status: 409 });
  return fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": decodeURIComponent(cookie("_csrf_token")),
      "Idempotency-Key": key,
    },
    body: JSON.stringify(body),
  });
}
