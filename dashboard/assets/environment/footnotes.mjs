// What judged figures rest on, and what of it no standard confirms; and their times.

import { $, el, lang, setText, t, toMinute } from "../common/core.mjs";

export function footnotes(name, provenance) {
  setText($(`${name}-basis`), [provenance.basis[lang], provenance.counts[lang], t("from the roll-up {name}", { name: provenance.rollup })].join(" · "));
  $(`${name}-doubts`).replaceChildren(...provenance.unconfirmed.map((doubt) => el("li", "", doubt[lang])));
}
/** 2026-06-10 14:00, in the district. */
export const full = (iso) => toMinute(Date.parse(iso));
