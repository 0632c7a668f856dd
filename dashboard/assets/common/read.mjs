// Asking the API: the answer, or an error that says why.

export async function get(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.detail || body.title || String(answer.status)), { status: answer.status });
  return body;
}
