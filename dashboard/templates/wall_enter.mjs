// The door of a wallboard: takes the token out of the address, gives it to the server, goes in.

const AGAIN_MS = 10_000; // nobody stands here who could try again
const $ = (id) => document.getElementById(id);
const said = new URLSearchParams(location.hash.slice(1)).get("token") ?? new URLSearchParams(location.search).get("token");
// Out of the address, the history and whatever takes pictures of screens, before anything else.
history.replaceState(null, "", "/wall/enter");

function show(id) {
  for (const each of ["taking", "refused", "none", "away"]) $(each).hidden = each !== id;
}
/** The server's answer; null: it gave none, or it is not ready. */
async function ask(path, options) {
  try {
    const answer = await fetch(path, options);
    return answer.status >= 500 || answer.status === 429 ? null : answer;
  } catch {
    return null;
  }
}
/** Let in with what we have; false: the server refuses it, or does not answer. */
async function look(word) {
  const answer = await ask("/wall/version");
  if (answer?.ok) location.replace("/wall");
  else show(answer ? word : "away");
}
async function take() {
  show("taking");
  const answer = await ask("/wall/enter", { method: "POST", body: new URLSearchParams({ token: said }) });
  if (!answer) {
    show("away");
    setTimeout(take, AGAIN_MS);
    return;
  }
  if (answer.ok) location.replace("/wall");
  // A kiosk that opens the same address at each start has its own secret already.
  else look("refused").then(() => setInterval(() => look("refused"), AGAIN_MS));
}
if (said) take();
else setInterval(() => look("none"), AGAIN_MS);
