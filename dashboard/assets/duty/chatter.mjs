// What flaps, most often first, with the dead-band and delay that would have made one alert of it.

import { $, el, keyed, moment, named, setText, shortName, t } from "../common/core.mjs";
import { flapWords } from "../common/flap.mjs";
import { get } from "../common/read.mjs";

const EVERY_MS = 60_000;
let asked = -EVERY_MS;

export async function read() {
  if (performance.now() - asked < EVERY_MS) return;
  const { bouts } = await get("/api/v1/alerts/chattering");
  asked = performance.now();
  setText($("chatter-note"), bouts.length ? t("{n} in 24 h; the target is none", { n: bouts.length }) : t("none in 24 h; the target is none"));
  let list = $("chatter-body").firstElementChild;
  if (!list) $("chatter-body").append(list = el("ul", "duty-rows"));
  keyed(list, bouts, (bout) => `${bout.rule} ${bout.subject}`, make, fill);
}
function make() {
  const root = el("li", "duty-row flaps");
  root.append(el("b", "duty-count"), el("a", "duty-name"), el("span", "duty-since"), el("span", "duty-owner"), el("span", "duty-said"));
  return root;
}
function fill(root, bout) {
  setText(root.querySelector(".duty-count"), String(bout.raises));
  const name = root.querySelector(".duty-name");
  setText(name, [shortName(bout.station_names), named(bout.label)].filter(Boolean).join(" · ") || bout.subject);
  name.href = `/?station=${encodeURIComponent(bout.subject.split("/")[0])}`;
  setText(root.querySelector(".duty-since"), `${moment(bout.from)} – ${moment(bout.to)}`);
  setText(root.querySelector(".duty-owner"), bout.chattering ? t("chattering") : t("flapping"));
  setText(root.querySelector(".duty-said"), flapWords(bout));
}
