// The words of warnings: how one stands, what its fields are called, the standard's values.

import { moment, now, span, t } from "../common/core.mjs";

const STANDINGS = {
  draft: () => t("Draft"), submitted: () => t("Waits for a second person"), in_force: () => t("In force"),
  cancel: () => t("Cancellation in force"), updated: () => t("Updated since"), cancelled: () => t("Cancelled"),
  expired: () => t("Run out"), discarded: () => t("Discarded"),
};
export const STATUS = { Actual: () => t("Actual"), Exercise: () => t("Exercise"), Test: () => t("Test") };
export const NOT_ACTUAL = { Exercise: () => t("Exercise, not a real emergency"), Test: () => t("Technical test, please disregard") };
export const TYPES = { Alert: () => t("Warning"), Update: () => t("Update"), Cancel: () => t("Cancellation") };
export const URGENCY = {
  Immediate: () => t("Immediate: act now"), Expected: () => t("Expected: within the hour"), Future: () => t("Future"),
  Past: () => t("Past"), Unknown: () => t("Not known"),
};
export const CERTAINTY = {
  Observed: () => t("Observed"), Likely: () => t("Likely"), Possible: () => t("Possible"), Unlikely: () => t("Unlikely"), Unknown: () => t("Not known"),
};
export const RESPONSE = {
  Shelter: () => t("Take shelter"), Evacuate: () => t("Leave the area"), Prepare: () => t("Prepare"), Execute: () => t("Act by the plan"),
  Avoid: () => t("Keep away"), Monitor: () => t("Follow the news"), Assess: () => t("Assess"), AllClear: () => t("All clear"), None: () => t("Nothing to do"),
};
export const CATEGORY = {
  CBRNE: () => t("Hazardous substances"), Env: () => t("Environment"), Health: () => t("Health"), Met: () => t("Weather and floods"),
  Safety: () => t("Public safety"), Fire: () => t("Fire"), Geo: () => t("Ground"), Infra: () => t("Infrastructure"), Transport: () => t("Transport"),
  Rescue: () => t("Rescue"), Security: () => t("Security"), Other: () => t("Other"),
};
export const FIELDS = {
  status: () => t("Status"), grade: () => t("Grade"), event: () => t("Event"), headline: () => t("Headline"), description: () => t("What is happening"),
  instruction: () => t("What people should do"), "area.names": () => t("Area in words"), "area.shape": () => t("Area on the map"), area: () => t("Area"),
  "area.polygons": () => t("Area on the map"), "area.circles": () => t("Area on the map"), category: () => t("Category"), urgency: () => t("Urgency"),
  certainty: () => t("Certainty"), response: () => t("Response"), expires: () => t("Valid until"), onset: () => t("Begins"),
};
const STEPS = {
  drafted: () => t("drafted"), edited: () => t("edited"), submitted: () => t("sent up"), returned: () => t("sent back"),
  published: () => t("approved and published"), discarded: () => t("discarded"),
};
export const say = (table, key) => table[key]?.() ?? key;
export const stepWord = (kind) => say(STEPS, kind);
/** `headline.zh` -> Headline (Chinese); `area.polygons[0]` -> Area on the map. */
export function fieldName(where) {
  const plain = where.replace(/\[\d+\]$/, "");
  const [, name, lang] = plain.match(/^(.*?)(?:\.(zh|en))?$/);
  const known = say(FIELDS, name);
  return lang === "zh" ? t("{field} (Chinese)", { field: known }) : lang === "en" ? t("{field} (English)", { field: known }) : known;
}
/** How long one still holds; what has been said of it else. */
export function standingText(one) {
  const left = one.content.expires ? (Date.parse(one.content.expires) - now()) / 1000 : null;
  const said = say(STANDINGS, one.standing);
  if (["in_force", "cancel"].includes(one.standing) && left !== null) return left > 0 ? t("{said}, runs out in {span}", { said, span: span(left) }) : say(STANDINGS, "expired");
  if (["draft", "submitted"].includes(one.standing) && left !== null && left <= 0) return t("{said}; its time has run out", { said });
  if (one.standing === "expired") return t("{said} {at}", { said, at: moment(one.expires_at) });
  return said;
}
/** Less than half an hour left. */
export const soonOver = (one) => one.standing === "in_force" && Date.parse(one.expires_at) - now() < 1800e3;
