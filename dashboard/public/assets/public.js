// The city page with scripts: ages count on, changes come in, places are found.
// The server draws; this file only puts what it drew in place, so nothing is worded twice.

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const BEAT_LOST_MS = 5000, REFRESH_MS = 5000, REFRESH_MOST_MS = 30000, FAR_KM = 60;

// The server's clock minus ours: ages must not depend on a phone's clock.
let ahead = Date.parse($("main").dataset.now) - Date.now() || 0;
let heard = Date.now();

/* Ages */

function span(seconds) {
  const s = Math.max(0, Math.floor(seconds)), min = Math.floor(s / 60), h = Math.floor(s / 3600), d = Math.floor(s / 86400);
  if (s < 60) return say("{s} s", { s });
  if (!h) return say("{min} min", { min });
  if (!d) return say("{h} h {min} min", { h, min: String(min % 60).padStart(2, "0") });
  return say("{d} d {h} h", { d, h: h % 24 });
}

function stateOf(age, interval) {
  return age <= 2 * interval ? "fresh" : age <= 5 * interval ? "late" : "stale";
}

function countAges() {
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time.age[datetime]")) {
    const at = Date.parse(time.dateTime), interval = Number(time.dataset.i);
    if (!at) continue;
    const age = Math.max(0, (now - at) / 1000), state = interval ? stateOf(age, interval) : "fresh";
    const text = state === "stale" ? say("stale {span}", { span: span(age) })
      : say("{span} ago", { span: span(age) }) + (state === "late" ? say(", late") : "");
    if (time.textContent !== text) time.textContent = text;
    const holder = interval && time.closest("[data-state]");
    if (holder && !time.closest(".warning") && holder.dataset.state !== state) holder.dataset.state = state;
  }
  // A page whose link is lost must not go on with a warning that has run out.
  let ended = false;
  for (const part of document.querySelectorAll("[data-expires]")) {
    const over = Date.parse(part.dataset.expires) <= now;
    if (part.hasAttribute("hidden") === over) continue;
    part.toggleAttribute("hidden", over);
    ended = true;
  }
  if (ended) document.dispatchEvent(new Event("dongtai:changed"));
  for (const pin of document.querySelectorAll(".pin[data-t]")) {
    const aged = stateOf((now - Date.parse(pin.dataset.t)) / 1000, Number(pin.dataset.i)) === "stale";
    pin.classList.toggle("aged", aged);
    if (aged) pin.closest("#frame > svg > svg")?.querySelector("a").setAttribute("aria-label", pin.dataset.name + say(", ") + say("stale or unknown"));
  }
}

/* Changes: the server's new page is laid over the old one; focus, scroll and open lists stay. */

function lay(old, next) {
  if (old.isEqualNode(next)) return;
  if (old.nodeName !== next.nodeName || old.nodeType !== next.nodeType) {
    old.replaceWith(document.importNode(next, true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) {
      old.data = next.data;
      const figure = old.parentElement?.closest(".figure, .aqi");
      if (figure) flash(figure);
    }
    return;
  }
  if ("keep" in old.dataset) return;
  if (old.nodeName === "TEMPLATE") {
    old.innerHTML = next.innerHTML;
    return;
  }
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value && name !== "checked") old.setAttribute(name, value);
  const before = [...old.childNodes], after = [...next.childNodes];
  after.forEach((child, i) => (before[i] ? lay(before[i], child) : old.append(document.importNode(child, true))));
  before.slice(after.length).forEach((child) => ("keep" in (child.dataset ?? {}) ? 0 : child.remove()));
}

function flash(element) {
  element.classList.remove("changed");
  void element.getBoundingClientRect();
  element.classList.add("changed");
}

/* Pictures: a small one chosen stands large until another is chosen, also over changes */

let chosen = null;

function enlarge() {
  const large = $("shot"), links = [...document.querySelectorAll("#cameras [data-camera]")];
  const link = links.find((each) => each.dataset.camera === chosen);
  if (!large || !chosen) return;
  if (!link) {
    chosen = null;
    delete large.dataset.keep; // the camera has gone: the server's choice again, with the next change
    return;
  }
  const figure = link.closest("figure"), [small, image] = [link.firstElementChild, large.querySelector("img")];
  large.dataset.keep = "";
  large.dataset.state = figure.dataset.state;
  large.querySelector("a").href = link.href;
  if (image.src !== link.href) image.src = link.href;
  for (const name of ["alt", "width", "height"]) image[name] = small[name];
  large.querySelector("figcaption").replaceChildren(...figure.querySelector("figcaption").cloneNode(true).childNodes);
  for (const each of links) each.toggleAttribute("aria-current", each.dataset.camera === chosen);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#cameras [data-camera]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  chosen = link.dataset.camera;
  enlarge();
  $("shot").scrollIntoView({ block: "nearest" });
});

/* A pin, drawn or live, shows the row of its station under the map; without scripts it leads to its page */

let picked = null;

function showPicked() {
  const holder = $("picked"), row = picked && $(`t-${picked}`);
  if (row) {
    const title = document.createElement("p"), values = document.createElement("p"), next = document.createElement("div");
    title.append(row.querySelector("th").firstElementChild.cloneNode(true));
    values.append(...[...row.children].slice(1).flatMap((cell) => [...cell.cloneNode(true).childNodes, " "]));
    next.append(title, values);
    next.dataset.state = row.dataset.state;
    if (holder.firstChild) lay(holder.firstChild, next);
    else holder.append(next);
  } else holder.replaceChildren(); // the station is public no longer
  for (const pin of document.querySelectorAll("#frame [data-pin]")) pin.classList.toggle("chosen", pin.dataset.pin === picked);
}

document.addEventListener("click", (event) => {
  const pin = event.target.closest("#frame [data-pin]");
  if (!pin || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  picked = pin.dataset.pin;
  showPicked();
  $("said").textContent = $("picked").textContent; // once: the ages under the map count on in silence
});
for (const drawn of ["dongtai:changed", "dongtai:drawn"]) document.addEventListener(drawn, showPicked);

let fetching = false, wanted = 0, fetched = Date.now();

async function refresh() {
  if (fetching || document.hidden) return;
  fetching = true;
  wanted = 0;
  try {
    const answer = await fetch(location.href, { cache: "no-cache" });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!next.getElementById("main")) return;
    lay($("main"), next.getElementById("main"));
    for (const id of ["database", "brand"]) lay($(id), next.getElementById(id));
    ahead = Date.parse($("main").dataset.now) - Date.now();
    fetched = Date.now();
    enlarge();
    countAges();
    document.dispatchEvent(new Event("dongtai:changed"));
  } catch {
    // The stream says that the link is lost; the next round tries again.
  } finally {
    fetching = false;
  }
}

/* The link */

function listen() {
  const stream = new EventSource("live");
  const hear = (event) => {
    const data = JSON.parse(event.data);
    ahead = Date.parse(data.now) - Date.now();
    if (lostSince) refresh();
    heard = Date.now();
    return data;
  };
  stream.addEventListener("hello", hear);
  stream.addEventListener("beat", hear);
  stream.addEventListener("change", (event) => {
    hear(event);
    wanted ||= Date.now();
  });
}

let lostSince = 0;
const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

function watch() {
  const lost = Date.now() - heard > BEAT_LOST_MS;
  if (lost && !lostSince) {
    lostSince = heard;
    const shown = { time: clock(fetched + ahead) };
    const banner = Object.assign(document.createElement("div"), { className: "banner" });
    banner.append(Object.assign(document.createElement("p"), {
      className: "banner-in",
      textContent: say("Connection lost {time}. ", { time: clock(heard + ahead) }) + say("The page shows {time}.", shown) + " " + say("Trying again."),
    }));
    $("lost").replaceChildren(banner);
  }
  if (!lost && lostSince) {
    lostSince = 0;
    $("lost").replaceChildren();
  }
  document.documentElement.classList.toggle("cut", lost);
  const due = wanted ? REFRESH_MS : REFRESH_MOST_MS;
  if (!lost && Date.now() - fetched > due) refresh();
}

/* Places */

let places = null;
const load = async () => (places ??= await (await fetch("places.json")).json());
const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const large = document.documentElement.classList.contains("large");
const address = (key) => `./?${new URLSearchParams({ lang, place: key, ...(large ? { size: "large" } : {}) })}`;

function show(items, note) {
  const list = document.createElement("ul");
  for (const place of items) {
    const link = Object.assign(document.createElement("a"), { href: address(place.key) });
    const other = Object.assign(document.createElement("span"), { className: "quiet", textContent: place[lang === "zh" ? "en" : "zh"] });
    link.append(place[lang], other);
    list.append(Object.assign(document.createElement("li"), {}));
    list.lastChild.append(link);
  }
  const text = Object.assign(document.createElement("p"), { textContent: note ?? "", role: "status" });
  $("found").replaceChildren(items.length ? list : text);
  $("found").hidden = !items.length && !note;
}

async function search() {
  const asked = $("q").value.trim().toLowerCase();
  if (!asked) return show([]);
  const all = await load();
  const hits = all.filter((place) => asked.split(/\s+/).every((word) => place.words.includes(word))).slice(0, 8);
  show(hits, say("Nothing found"));
}

const MISSED = { // by the codes of GeolocationPositionError
  1: "Your device did not allow it. Allow it in the browser's settings, or type a place.",
  2: "Your device does not know where it is. Type a place instead.",
  3: "Your device took too long. Try again, or type a place.",
};

function near() {
  const missed = (error) => show([], say(MISSED[error?.code] ?? MISSED[2]));
  if (!navigator.geolocation) return missed();
  show([], say("Looking for your place …"));
  // Only now, only on this device: the position is compared here and sent to nobody.
  navigator.geolocation.getCurrentPosition(async ({ coords }) => {
    const km = (p) => 111.2 * Math.hypot((p.lon - coords.longitude) * Math.cos((coords.latitude * Math.PI) / 180), p.lat - coords.latitude);
    const nearest = (await load()).filter((p) => p.kind !== "camera").sort((a, b) => km(a) - km(b))[0];
    if (!nearest) return missed();
    if (km(nearest) > FAR_KM) return show([], say("You are far from every station."));
    location.href = address(nearest.key);
  }, missed, { maximumAge: 60000, timeout: 10000 });
}

// The link names place, language and type; the words say of which moment they are.
async function share(event) {
  event.preventDefault();
  event.stopPropagation(); // a click elsewhere closes what is said under the search
  const link = $("share"), url = link.href, day = new Date($("main").dataset.now);
  const time = day.toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", { timeZone: "Asia/Shanghai", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
  const text = `${link.dataset.name}${say(", ")}${say("as of {time}", { time })}`;
  try {
    if (navigator.share) return await navigator.share({ title: link.dataset.name, text, url });
    await navigator.clipboard.writeText(`${text}\n${url}`);
    show([], say("Link copied"));
    setTimeout(() => show([]), 5000);
  } catch (error) {
    if (error?.name === "AbortError") return; // the visitor closed the sheet
    offer(`${text}\n${url}`);
  }
}

/** Where nothing may be copied (plain http, an old browser): what to copy, selected. */
function offer(text) {
  show([], say("Copy this:"));
  const field = Object.assign(document.createElement("textarea"), { readOnly: true, value: text, rows: 3 });
  field.setAttribute("aria-label", say("Copy this:"));
  $("found").append(field);
  field.select();
}

$("q").addEventListener("focus", load, { once: true });
$("q").addEventListener("input", search);
$("near").addEventListener("click", near);
$("share").addEventListener("click", share);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") show([]);
  if (!$("found").contains(document.activeElement) && document.activeElement !== $("q")) return;
  const links = [...$("found").querySelectorAll("a")], at = links.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !links.length) return;
  event.preventDefault();
  (links[at + step] ?? $("q")).focus();
});
document.addEventListener("click", (event) => event.target.closest(".find") || show([]));
document.querySelector(".find").addEventListener("submit", (event) => {
  const first = $("found").querySelector("a");
  if (!first) return;
  event.preventDefault();
  location.href = first.href;
});

/* The live map comes when it is near the window and somebody is there to move it: the drawn one says
   the same, and costs a phone nothing. */

const frame = $("frame");
if (frame && "IntersectionObserver" in window) {
  const observer = new IntersectionObserver((seen) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    import("./map.js").then(({ open }) => open(frame, say, () => Date.now() + ahead)).catch(() => {}); // the drawn map stays
  }, { rootMargin: "200px" });
  const signs = ["pointermove", "pointerdown", "scroll", "keydown", "focusin"];
  const begin = () => {
    for (const sign of signs) removeEventListener(sign, begin);
    observer.observe(frame);
  };
  for (const sign of signs) addEventListener(sign, begin, { passive: true });
}

addEventListener("load", () => setTimeout(listen, 300), { once: true });
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(() => { countAges(); watch(); }, 1000);
