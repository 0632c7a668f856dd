// Acknowledging: a note, Enter, and an honest answer when somebody else was first.

import { $, el, post, t, urls } from "./core.mjs";
import { emit, putAlert } from "./state.mjs";

/** Open the note under a row; Enter sends, Escape closes. The name comes from the session.
 *  alert: one, or all those of a group that nobody has. */
export function openForm(row, alert) {
  if (!alert || alert.length === 0) return;
  const there = row.querySelector("form");
  if (there) return there.querySelector("input").focus();
  const form = el("form", "ack-form");
  const note = el("input", "field", null, {
    type: "text", maxlength: "500", placeholder: t("Note (may be empty)"), "aria-label": t("Note"),
    autocomplete: "off",
  });
  const send = el("button", "button primary", t("Acknowledge"), { type: "submit" });
  const close = el("button", "button", t("Cancel"), { type: "button" });
  const said = el("p", "ack-said", "", { role: "alert" });
  form.append(note, send, close, said);
  row.append(form);
  row.classList.add("open");
  // One key a form: pressing Enter twice, or a lost answer, acknowledges once.
  const key = self.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const leave = () => {
    form.remove();
    row.classList.remove("open");
    row.querySelector(".row-name").focus({ preventScroll: true });
  };
  close.addEventListener("click", leave);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
    event.stopPropagation();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    said.textContent = "";
    const problem = await (Array.isArray(alert) ? acknowledgeAll(alert, note.value, key) : acknowledge(alert, note.value, key));
    send.disabled = false;
    if (problem) said.textContent = problem;
    else leave();
  });
  note.focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
}

/** All of a group. Returns null when each is the sender's, else who has which, or what changed. */
async function acknowledgeAll(group, note, key) {
  let answer;
  try {
    answer = await post(`${urls.alerts}/acknowledge`, { alerts: group.map(({ id, version }) => ({ id, version })), note }, key);
  } catch {
    return t("Not sent: no connection. Nothing was acknowledged.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) return refusal(answer, body);
  for (const { alert } of body.results) if (alert) putAlert(alert);
  $("live-words").textContent = t("Acknowledged");
  emit("change", { stations: [], alerts: [] });
  const missed = body.results.filter(({ result }) => result === "taken" || result === "changed");
  if (!missed.length) return null;
  const owners = [...new Set(missed.map(({ owner }) => owner).filter(Boolean))].join(", ");
  return t("{n} of {all} not taken: {why}", { n: missed.length, all: group.length, why: owners ? t("{owner} was first and has it.", { owner: owners }) : t("It changed meanwhile; look at it again.") });
}
/** Send it. Returns null when it is done, else a sentence. */
async function acknowledge(alert, note, key) {
  let answer;
  try {
    answer = await post(`${urls.alerts}/${encodeURIComponent(alert.id)}/acknowledge`,
      { version: alert.version, note }, key);
  } catch {
    return t("Not sent: no connection. Nothing was acknowledged.");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) {
    if (body.id) putAlert(body);
    $("live-words").textContent = t("Acknowledged");
    emit("change", { stations: [], alerts: [] });
    return null;
  }
  return refusal(answer, body);
}
function refusal(answer, body) {
  if (answer.status === 409 && body.owner) return t("{owner} was first and has it.", { owner: body.owner });
  if (answer.status === 403) return t("Your role may not acknowledge.");
  if (answer.status === 401) return t("You have been signed out.");
  return body.detail || body.title || t("Not acknowledged ({status}).", { status: answer.status });
}
