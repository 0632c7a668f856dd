// Whose a station is: who is of a department sees everything, and acts on its own stations only.

import { bound, t } from "./core.mjs";

/** Why one may not act on what this department owns; "" where one may. The server decides the same. */
export function outside(department) {
  if (!bound || department === bound) return "";
  return department
    ? t("Only the department {code} acts on this station; yours is {yours}.", { code: department, yours: bound })
    : t("This station belongs to no department; yours is {yours}, and may only see it.", { yours: bound });
}
