// Acknowledging: a note, Enter, and an honest answer when somebody else was first.

import { $, el, newKey, post, replaying, t, urls } from "../common/core.mjs";
import { outside } from "../common/mine.mjs";
import { emit, putAlert } from "../common/state.mjs";

/** Open the note under a row; Enter sends, Escape closes. The name comes from the session.
 *  alert: one, or all those of a group that nobody has. */
export function openForm(row, alert) {
  if (!alert || alert.length === 0 || replaying()) return;
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
  // A key for each attempt that may be answered: pressing Enter twice, or a lost answer, does it once.
  const asked = { alerts: [alert].flat(), key: newKey() };
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
    const problem = await (Array.isArray(alert) ? acknowledgeAll : acknowledge)(asked, note.value);
    send.disabled = false;
    if (problem) said.textContent = problem;
    else leave();
  });
  note.focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
}

/** All of a group. Returns null when each is the sender's, else who has which, or what changed. */
async function acknowledgeAll(asked, note) {
  const group = asked.alerts;
  let answer;
  try {
    answer = await post(`${urls.alerts}/acknowledge`, { alerts: group.map(({ id, version }) => ({ id, version })), note }, asked.key);
  } catch {
    return t("Not sent: no connection. Nothing was acknowledged.");
  }
  const body = await answer.json().catch(() => ({}));
  answered(asked, answer.ok ? body.results.map(({ alert }) => alert) : []);
  if (!answer.ok) return refusal(answer, body);
  $("live-words").textContent = t("Acknowledged");
  emit("change", { stations: [], alerts: [] });
  const missed = body.results.filter(({ result }) => ["taken", "changed", "outside"].includes(result));
  if (!missed.length) return null;
  const owners = [...new Set(missed.map(({ owner }) => owner).filter(Boolean))].join(", ");
  const foreign = missed.find(({ result }) => result === "outside");
  const why = owners ? t("{owner} was first and has it.", { owner: owners })
    : foreign ? outside(foreign.department) : t("It changed meanwhile; look at it again.");
  return t("{n} of {all} not taken: {why}", { n: missed.length, all: group.length, why });
}
/** What is sent next is another request, of the alerts as they are now. */
function answered(asked, found) {
  asked.key = newKey();
  for (const alert of found.filter((one) => one?.id)) {
    putAlert(alert);
    asked.alerts = asked.alerts.map((one) => (one.id === alert.id ? alert : one));
  }
}
/** Send it. Returns null when it is done, else a sentence. */
async function acknowledge(asked, note) {
  const [alert] = asked.alerts;
  let answer;
  try {
    answer = await post(`${urls.alerts}/${encodeURIComponent(alert.id)}/acknowledge`,
      { version: alert.version, note }, asked.key);
  } catch {
    return t("Not sent: no connection. Nothing was acknowledged.");
  }
  const body = await answer.json().catch(() => ({}));
  answered(asked, [answer.ok ? body : body.alert]);
  if (answer.ok) {
    $("live-words").textContent = t("Acknowledged");
    emit("change", { stations: [], alerts: [] });
    return null;
  }
  return refusal(answer, body);
}
function refusal(answer, body) {
  if (answer.status === 409 && body.owner) return t("{owner} was first and has it.", { owner: body.owner });
  if (answer.status === 409 && body.alert) return t("It changed meanwhile; look at it again.");
  if (answer.status === 403) return t("Your role may not acknowledge.");
  if (answer.status === 401) return t("You have been signed out.");
  return body.detail || body.title || t("Not acknowledged ({status}).", { status: answer.status });
}
