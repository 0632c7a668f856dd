// Writing rules: what the API answered, as the page wants it.

import { cookie, lang, t } from "../common/core.mjs";

export const rulesUrl = "/api/v1/rules";
export const headers = (key) => ({
  "Content-Type": "application/json",
  "X-CSRFToken": decodeURIComponent(cookie("_csrf_token")),
  ...(key ? { "Idempotency-Key": key } : {}),
});
/** {done}, or {problem, mistakes: [{field, problem}], rule: as it stands by now, answered: whether it
    is known that nothing was saved}. */
export async function send(method, url, body, key) {
  let answer;
  try {
    answer = await fetch(url, { method, headers: headers(key), body: JSON.stringify(body) });
  } catch {
    return { problem: t("Not saved: no connection. Try again."), mistakes: [] };
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return { done: said };
  return { answered: answer.status < 500, ...refusal(answer, said) };
}
function refusal(answer, said) {
  if (answer.status === 401) return { problem: t("You have been signed out."), mistakes: [] };
  if (answer.status === 403) return { problem: t("Your role may not change rules."), mistakes: [] };
  if (answer.status === 409 && said.rule) return { problem: t("Not saved: somebody was faster."), mistakes: [], rule: said.rule };
  const mistakes = (said.errors ?? []).map((one) => ({ field: one.where.replace(/^body\.(definition\.?)?/, ""), problem: one.problem, text: one.text }));
  return { problem: mistakes.length ? "" : said.text?.[lang] || said.detail || t("Not saved ({status}).", { status: answer.status }), mistakes };
}
