// The shifts of the next days one by one, each to be taken out by who may enter them.

import { el, keyed, moment, named, newKey, setText, t } from "../common/core.mjs";

/** send(url, key, said): posts, says in `said` what went wrong, reads the rota anew; true when done. */
export function list(send) {
  const root = el("details", "rota-shifts");
  root.append(el("summary"), el("ul", "rota-list"), el("p", "ack-said", "", { role: "alert" }));
  return { root, fill: (duties) => fill(root, duties, send) };
}
function fill(root, duties, send) {
  const lines = duties.flatMap((duty) => duty.shifts.map((shift) => ({ duty, shift })))
    .sort((a, b) => Date.parse(a.shift.from) - Date.parse(b.shift.from));
  root.hidden = !lines.length;
  setText(root.querySelector("summary"), t("Shifts one by one, to take out: {n}", { n: lines.length }));
  keyed(root.querySelector("ul"), lines, ({ shift }) => shift.id, (one) => make(one, root, send), say);
}
function make(one, root, send) {
  const node = el("li", "rota-line");
  node.append(el("b", "rota-line-who"), el("span", "rota-line-post"), el("span", "rota-line-time"), el("span", "rota-line-by secondary"), el("div", "rota-line-act"));
  ask(node.lastChild, one.shift, root, send);
  return node;
}
function say(node, { duty, shift }) {
  setText(node.querySelector(".rota-line-who"), shift.who);
  setText(node.querySelector(".rota-line-post"), named(duty.names));
  setText(node.querySelector(".rota-line-time"), `${moment(shift.from)} – ${moment(shift.to)}`);
  setText(node.querySelector(".rota-line-by"), [t("entered by {who}", { who: shift.entered_by }), shift.note].filter(Boolean).join(" · "));
}
/** Asks first: whoever is taken out is told of nothing from then on. */
function ask(holder, shift, root, send) {
  const what = `${shift.who} ${moment(shift.from)}`;
  const first = el("button", "button", t("Take out"), { type: "button", "aria-label": t("Take out {what}", { what }) });
  first.addEventListener("click", () => {
    const sure = el("button", "button", t("Take out of the rota"), { type: "button" });
    const no = el("button", "button", t("Cancel"), { type: "button" });
    const key = newKey();
    sure.addEventListener("click", async () => {
      sure.disabled = true;
      const done = await send(`/api/v1/rota/shifts/${shift.id}/remove`, key, root.querySelector(".ack-said"));
      sure.disabled = false;
      if (done) root.querySelector("summary").focus(); // its line is gone
    });
    no.addEventListener("click", () => { holder.replaceChildren(first); first.focus(); });
    holder.replaceChildren(sure, no);
    no.focus();
  });
  holder.replaceChildren(first);
}
