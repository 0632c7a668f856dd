// Camera pictures: one at a time, swapped when an event says so. Nothing is written on a picture.

import { $, ageOf, ageState, ageText, el, moment, setData, setText, shortName, t, urls, word } from "../common/core.mjs";
import { on, stations, stationState } from "../common/state.mjs";

/** The newest picture's address; its time is in it, so an unchanged picture is never fetched again. */
export function address(station, size) {
  const taken = station.newest ? `&t=${encodeURIComponent(station.newest)}` : "";
  return `${urls.cam}/${encodeURIComponent(station.code)}.jpg?size=${size}${taken}`;
}
/** Fill a <figure> (img + caption) with the camera's newest picture, age and state. */
export function showPicture(figure, station, size) {
  const img = figure.querySelector("img");
  if (figure.dataset.of !== station.code) forget(figure, img, station.code);
  const src = station.newest ? address(station, size) : "";
  if (img.dataset.src !== src) swap(img, src, station.newest, () => describe(figure, img, station));
  img.hidden = !src;
  setData(figure, "picture", src ? "yes" : null);
  describe(figure, img, station);
}
/** Another camera's picture never stands under this one's name. */
function forget(figure, img, code) {
  figure.dataset.of = code;
  img.removeAttribute("src");
  img.dataset.src = "";
  delete img.dataset.taken;
}
/** Name, time and age: of the picture that is seen, not of one that is still on its way. */
function describe(figure, img, station) {
  if (figure.dataset.of !== station.code) return;
  const at = img.dataset.taken ?? station.newest, newest = at === station.newest;
  const state = newest ? stationState(station) : ageState(ageOf(at), station.interval_s);
  img.alt = at ? t("Picture of {name}, {at}", { name: shortName(station.names), at: moment(at) }) : "";
  const [name, when] = figure.querySelectorAll("figcaption > *");
  setText(name, shortName(station.names));
  const parts = [at ? moment(at) : "", ageText(ageOf(at), state)];
  if (station.origin !== "live") parts.push(word(station.origin));
  setText(when, parts.filter(Boolean).join(" · "));
  setData(figure, "state", state);
}
/** Load first, then swap: the old picture stays until the new one is whole. */
function swap(img, src, taken, done) {
  img.dataset.src = src;
  if (!src) return;
  const next = new Image();
  next.onload = () => {
    if (img.dataset.src !== src) return;
    img.src = src;
    img.dataset.taken = taken;
    done();
  };
  next.onerror = () => { if (img.dataset.src === src) img.dataset.src = ""; }; // asked again with the next event
  next.src = src;
}

// ---- the wall

export function startWall() {
  for (const event of ["first", "all", "change", "tick"]) on(event, draw);
  $("viewer").addEventListener("close", () => delete $("viewer").dataset.code);
  $("viewer-close").addEventListener("click", () => $("viewer").close());
}
function draw() {
  const cameras = [...stations.values()].filter((s) => s.kind === "camera").sort((a, b) => a.code.localeCompare(b.code));
  const wall = $("wall");
  for (const camera of cameras) {
    let card = wall.querySelector(`[data-code="${CSS.escape(camera.code)}"]`);
    if (!card) wall.append((card = makeCard(camera)));
    showPicture(card, camera, "thumb");
  }
  for (const card of wall.querySelectorAll("[data-code]")) if (!stations.has(card.dataset.code)) card.remove();
  $("wall-none").hidden = cameras.length > 0;
  const old = cameras.filter((c) => ["stale", "unknown"].includes(stationState(c))).length;
  setText($("wall-count"), t("{n} cameras, {old} old or without a picture", { n: cameras.length, old }));
  const open = $("viewer").dataset.code;
  if (open && stations.has(open)) showPicture($("viewer-picture"), stations.get(open), "full");
}
function makeCard(camera) {
  const card = el("figure", "card", null, { "data-code": camera.code });
  const button = el("button", "card-picture", null, { type: "button", "aria-label": t("Large picture of {name}", { name: shortName(camera.names) }) });
  button.append(el("span", "card-none quiet", t("No picture")), el("img", "", null, { alt: "", decoding: "async" }));
  const caption = el("figcaption");
  caption.append(el("b"), el("span", "secondary"));
  card.append(button, caption);
  button.addEventListener("click", () => {
    $("viewer").dataset.code = camera.code;
    setData($("viewer-picture"), "of", null); // what was large before is not shown again, even of this camera
    showPicture($("viewer-picture"), stations.get(camera.code), "full");
    $("viewer").showModal();
  });
  return card;
}
