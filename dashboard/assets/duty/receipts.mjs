// How each receiver does: what waits, what was delivered or given up, the last test that arrived.

import { $, ageOf, el, keyed, moment, setData, setText, span, t } from "../common/core.mjs";
import { get } from "../common/read.mjs";

export async function read() {
  const { receivers } = await get("/api/v1/receivers");
  $("duty-receipts").hidden = false;
  const failing = receivers.filter((one) => one.state === "failing");
  setText($("receipts-note"), failing.length ? t("{n} of {m} take nothing", { n: failing.length, m: receivers.length }) : t("{n} receivers", { n: receivers.length }));
  setData($("receipts-note"), "wrong", failing.length ? "" : null);
  let list = $("receipts-body").firstElementChild;
  if (!list) $("receipts-body").append(list = el("ul", "duty-rows receivers"));
  keyed(list, receivers.sort((a, b) => rank(a) - rank(b)), (one) => one.receiver, make, fill);
}
/** What fails first. */
const rank = (one) => (one.state === "failing" ? 0 : one.waiting ? 1 : 2);
function make() {
  const root = el("li", "receiver");
  root.append(el("b", "receiver-name"), el("span", "receiver-state"), el("span", "receiver-counts"), el("span", "receiver-test secondary"), el("span", "receiver-error secondary"));
  return root;
}
function fill(root, one) {
  setText(root.querySelector(".receiver-name"), [one.receiver, one.type === one.receiver ? "" : one.type].filter(Boolean).join(" · "));
  const words = {
    well: t("delivered {at}", { at: moment(one.delivered_at) }),
    failing: t("takes nothing since {at}", { at: moment(one.failing_since) }),
    unused: t("nothing sent yet"),
  };
  setText(root.querySelector(".receiver-state"), words[one.state]);
  setData(root, "state", one.state);
  const waiting = one.waiting ? t("{n} wait, the oldest for {span}", { n: one.waiting, span: span(ageOf(one.oldest_waiting)) }) : "";
  const gone = one.given_up ? t("{n} given up", { n: one.given_up }) : "";
  setText(root.querySelector(".receiver-counts"), [t("{n} in 24 h", { n: one.delivered }), waiting, gone].filter(Boolean).join(" · "));
  setText(root.querySelector(".receiver-test"), one.tested_at ? t("test arrived {at}", { at: moment(one.tested_at) }) : one.test ? t("no test has arrived yet") : "");
  setText(root.querySelector(".receiver-error"), one.state === "failing" ? one.error ?? "" : "");
}
