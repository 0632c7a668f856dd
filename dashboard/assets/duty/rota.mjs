// Who is on duty where, who comes next, where nobody is; entering, handing over, accepting by name.

import { $, el, fromLocal, keyed, listed, moment, named, newKey, now, post, setData, setText, span, t, toLocal, toMinute, user } from "../common/core.mjs";
import { get } from "../common/read.mjs";
import { list } from "./rota_shifts.mjs";

const DAYS = 7, DAY_MS = 86400e3;
let found = null, may = false, shifts = null;

export async function read() {
  found = await get("/api/v1/rota");
  const part = $("duty-rota");
  part.hidden = !found.duties.length && !found.hand_overs.length;
  may = "roster" in part.dataset;
  const open = found.duties.reduce((sum, duty) => sum + duty.gaps.length, 0);
  setText($("rota-note"), open ? t("gaps in the next 7 days: {n}", { n: open }) : t("no gap in the next 7 days"));
  setData($("rota-note"), "wrong", open ? "" : null);
  draw();
}
function draw() {
  const body = $("rota-body");
  if (!body.firstElementChild) {
    body.append(el("ul", "rota-list"), el("ul", "rota-offers"));
    if (may) {
      shifts = list((url, key, said) => send(url, {}, key, said));
      body.append(form(), shifts.root);
    }
  }
  keyed(body.querySelector(".rota-list"), found.duties, (duty) => duty.code, makeDuty, fillDuty);
  keyed(body.querySelector(".rota-offers"), found.hand_overs, (one) => one.id, makeOffer, fillOffer);
  shifts?.fill(found.duties);
}

// ---- a duty: who is there, and the week as a bar

function makeDuty() {
  const root = el("li", "rota-duty");
  root.append(el("b", "rota-name"), el("span", "rota-who"), el("span", "rota-next secondary"), el("div", "rota-bar"), el("ol", "rota-days quiet"), el("div", "rota-act"));
  return root;
}
function fillDuty(root, duty) {
  setText(root.querySelector(".rota-name"), named(duty.names));
  const empty = !duty.on_duty.length;
  setText(root.querySelector(".rota-who"), empty ? t("nobody on duty") : listed(duty.on_duty));
  setData(root, "empty", empty && duty.filled ? "" : null);
  const next = duty.shifts.find((shift) => Date.parse(shift.from) > now());
  const gap = duty.gaps[0];
  const parts = [];
  if (next) parts.push(t("then {who} from {at}", { who: next.who, at: moment(next.from) }));
  if (gap && !empty) parts.push(t("nobody from {at} for {span}", { at: moment(gap.from), span: span((Date.parse(gap.to) - Date.parse(gap.from)) / 1000) }));
  setText(root.querySelector(".rota-next"), parts.join(" · "));
  bar(root.querySelector(".rota-bar"), duty);
  days(root.querySelector(".rota-days"));
  const offered = new Set(found.hand_overs.filter((one) => !one.answer).map((one) => one.shift));
  const mine = may ? duty.shifts.find((shift) => shift.who === user && Date.parse(shift.to) > now() && !offered.has(shift.id)) : null;
  const act = root.querySelector(".rota-act");
  if (mine && !act.firstElementChild) {
    const later = Date.parse(mine.from) > now();
    const button = el("button", "button", later ? t("Hand over the shift of {at}", { at: moment(mine.from) }) : t("Hand over the shift"), { type: "button" });
    button.addEventListener("click", () => act.replaceChildren(handOver(Number(act.dataset.shift), act)));
    act.append(button);
  } else if (!mine) act.replaceChildren();
  setData(act, "shift", mine ? String(mine.id) : null);
}
/** Seven days from now; what is empty in it is a gap. */
function bar(root, duty) {
  const from = Date.parse(found.from), wide = Date.parse(found.to) - from;
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", t("The next seven days: {shifts}", {
    shifts: duty.shifts.map((s) => `${s.who} ${moment(s.from)}–${moment(s.to)}`).join("; ") || t("nobody on duty"),
  }));
  keyed(root, duty.shifts, (shift) => shift.id, () => { const node = el("span", "rota-shift"); node.append(el("span")); return node; }, (node, shift) => {
    const start = Math.max(0, (Date.parse(shift.from) - from) / wide), end = Math.min(1, (Date.parse(shift.to) - from) / wide);
    node.style.left = `${100 * start}%`;
    node.style.width = `${100 * (end - start)}%`;
    setText(node.firstChild, shift.who);
    setData(node, "own", shift.who === user ? "" : null);
    node.title = [`${shift.who} ${moment(shift.from)} – ${moment(shift.to)}`, shift.note].filter(Boolean).join(" · ");
  });
}
/** The midnights of the district. */
function days(root) {
  const from = Date.parse(found.from), first = fromLocal(`${toLocal(from + DAY_MS).slice(0, 10)}T00:00:00`);
  const marks = Array.from({ length: DAYS }, (_, n) => first + n * DAY_MS);
  keyed(root, marks, String, () => el("li"), (node, at) => {
    setText(node, toLocal(at).slice(5, 10));
    node.style.left = `${(100 * (at - from)) / (DAYS * DAY_MS)}%`;
    node.hidden = at - from > (DAYS - 0.5) * DAY_MS;
  });
}

// ---- hand-overs

function makeOffer(one) {
  const root = el("li", "rota-offer");
  root.append(el("span", "rota-offer-who"), el("p", "rota-offer-note"), el("span", "rota-offer-state secondary"), el("span", "rota-offer-act"));
  const act = root.querySelector(".rota-offer-act");
  const choices = one.to_who === user ? [["accepted", t("Accept"), "primary"], ["declined", t("Decline"), ""]]
    : one.from_who === user ? [["withdrawn", t("Withdraw"), ""]] : [];
  for (const [answer, label, kind] of choices) {
    const button = el("button", `button ${kind}`, label, { type: "button" });
    const key = newKey();
    button.addEventListener("click", () => send(`/api/v1/rota/hand-overs/${one.id}/answer`, { answer }, key, root.querySelector(".rota-offer-state")));
    act.append(button);
  }
  return root;
}
function fillOffer(root, one) {
  setText(root.querySelector(".rota-offer-who"), t("{from} hands over to {to}", { from: one.from_who, to: one.to_who }));
  setText(root.querySelector(".rota-offer-note"), one.note);
  const words = { accepted: t("accepted"), declined: t("declined"), withdrawn: t("withdrawn") };
  setText(root.querySelector(".rota-offer-state"), one.answer
    ? `${words[one.answer]} ${moment(one.answered_at)}`
    : t("not answered for {span}", { span: span((now() - Date.parse(one.offered_at)) / 1000) }));
  setData(root, "open", one.answer ? null : "");
  root.querySelector(".rota-offer-act").hidden = Boolean(one.answer);
}
function handOver(shift, act) {
  const node = el("form", "rota-form");
  const to = choice(t("Hand over to"), found.people.filter((name) => name !== user));
  const note = el("input", "field", null, { type: "text", maxlength: "2000", required: "", placeholder: t("What the other must know"), "aria-label": t("What the other must know"), autocomplete: "off" });
  const said = el("p", "ack-said", "", { role: "alert" });
  const cancel = el("button", "button", t("Cancel"), { type: "button" });
  const key = newKey();
  cancel.addEventListener("click", () => { act.replaceChildren(); draw(); });
  node.append(to, note, el("button", "button primary", t("Hand over the shift"), { type: "submit" }), cancel, said);
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await send(`/api/v1/rota/shifts/${shift}/hand-over`, { to: to.value, note: note.value }, key, said)) act.replaceChildren();
  });
  return node;
}

// ---- entering

function form() {
  const node = el("form", "rota-form");
  const duty = choice(t("Post"), found.duties.map((one) => [one.code, named(one.names)]));
  const who = choice(t("Person"), found.people);
  // Not datetime-local: it shows the browser's country's hours beside our clock of 24.
  const start = Math.ceil(now() / 3600e3) * 3600e3;
  const from = time(start), to = time(start + 12 * 3600e3);
  const said = el("p", "ack-said", "", { role: "alert" });
  let key = newKey();
  node.append(duty, who, labelled(t("From"), from), labelled(t("To"), to), el("button", "button", t("Enter in the rota"), { type: "submit" }), said);
  node.addEventListener("input", () => { key = newKey(); });
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [begins, ends] = [from, to].map((field) => fromLocal(field.value));
    if (![begins, ends].every(Number.isFinite)) return setText(said, t("Write times as 2026-11-28 08:00."));
    const body = { duty: duty.value, who: who.value, from: new Date(begins).toISOString(), to: new Date(ends).toISOString() };
    if (!(await send("/api/v1/rota/shifts", body, key, said))) return;
    key = newKey();
    from.value = toMinute(ends); // the next shift begins where this one ends
    to.value = toMinute(ends + (ends - begins));
  });
  return node;
}
function time(ms) {
  const node = el("input", "field rota-time", null, { type: "text", maxlength: "30", required: "", autocomplete: "off" });
  node.value = toMinute(ms);
  return node;
}
function labelled(label, field) {
  const node = el("label", "rota-label", label);
  node.append(field);
  return node;
}
function choice(label, options) {
  const node = el("select", "field rota-choice", null, { "aria-label": label, title: label });
  for (const option of options) {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    node.append(el("option", "", text, { value }));
  }
  return node;
}
/** Send it and read the rota anew; what went wrong is said in `said`. */
async function send(url, body, key, said) {
  let answer;
  try {
    answer = await post(url, body, key);
  } catch {
    setText(said, t("Not sent: no connection."));
    return false;
  }
  const document = await answer.json().catch(() => ({}));
  setText(said, answer.ok ? "" : refusal(document) || document.detail || document.title || String(answer.status));
  if (answer.ok) await read();
  return answer.ok;
}
const REFUSED = {
  order: () => t("The end must come after the beginning, by 7 days at most."),
  past: () => t("That shift is over already."),
  far: () => t("That lies more than 400 days ahead."),
};
/** In the reader's language and by the district's clock; "" where the server's own words must do. */
function refusal({ errors, shift }) {
  if (!shift) return REFUSED[errors?.[0]?.code]?.() ?? "";
  const duty = found.duties.find(({ code }) => code === shift.duty);
  return t("{who} is at {duty} already, {from} to {to}.", { who: shift.who, duty: duty ? named(duty.names) : shift.duty, from: moment(shift.from), to: moment(shift.to) });
}
