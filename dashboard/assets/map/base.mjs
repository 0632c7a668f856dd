// The ground of the map: which base map, the operator's layers, names and footprint as the viewer has chosen.

import { lang, urls } from "../common/core.mjs";
import { choice } from "./choice.mjs";

const theme = () => document.documentElement.dataset.shown;
const PLUME = /^plume-/;
let outside = null; // {attribution, crs, url}: outside tiles that the operator has configured

/** which: outside tiles where there are any, or our own map all the same. */
export function styleUrl(which) {
  const file = urls.style.replace("{theme}", theme()).replace("{lang}", lang);
  return new URL(which === "own" ? file.replace("/style-", "/style-own-") : file, location.href).href;
}
/** Before the map is made: tiles in GCJ-02 are moved into place by a protocol of our own. */
export async function prepare(gl, address) {
  try {
    const style = await (await fetch(address.replace("/style-own-", "/style-"))).json();
    outside = style.metadata?.["dongtai:tiles"] ?? null;
    if (outside?.crs === "gcj02") (await import(new URL("gcj02.mjs", address).href)).register(gl, outside.url);
  } catch {
    outside = null; // the map asks for its style itself, and says what is wrong
  }
}
export const outsideTiles = () => outside;
/** The operator's layers of the style: [{name, zh, en}]. */
export const operatorLayers = (map) => map.getStyle()?.metadata?.["dongtai:operator"] ?? [];

/** Show and hide as chosen; nothing is loaded anew and nothing moves. */
export function obey(map) {
  const away = new Set(choice.layers.flatMap((name) => [name, `${name}-ground`]));
  const own = new Set(operatorLayers(map).flatMap(({ name }) => [name, `${name}-ground`]));
  for (const { id } of map.getStyle().layers) {
    const shown = own.has(id) ? !away.has(id) : PLUME.test(id) ? choice.plume : id === "town-names" || id === "water-names" ? choice.names : null;
    if (shown === null) continue;
    const wanted = shown ? "visible" : "none";
    if ((map.getLayoutProperty(id, "visibility") ?? "visible") !== wanted) map.setLayoutProperty(id, "visibility", wanted);
  }
  document.getElementById("plume-leaders").hidden = !choice.plume;
}
