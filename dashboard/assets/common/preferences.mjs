// Theme and language: chosen by a person, kept in cookies, the theme changed without reload.

import { $, icon, setCookie, t } from "./core.mjs";
import { emit } from "./state.mjs";

const dark = matchMedia("(prefers-color-scheme: dark)");

export function start() {
  for (const holder of document.querySelectorAll("[data-icon]")) {
    if (!holder.firstElementChild) holder.prepend(icon(holder.dataset.icon));
  }
  dark.addEventListener("change", shown);
  $("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.shown === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    setCookie("theme", next);
    shown();
  });
  $("language").addEventListener("click", () => {
    setCookie("lang", $("language").dataset.lang);
    location.reload();
  });
  shown();
}
function shown() {
  const root = document.documentElement;
  const now = root.dataset.theme || (dark.matches ? "dark" : "light");
  const changed = root.dataset.shown && root.dataset.shown !== now;
  root.dataset.shown = now;
  $("theme").setAttribute("aria-label", now === "dark" ? t("Light theme") : t("Dark theme"));
  if (changed) emit("theme", now);
}
