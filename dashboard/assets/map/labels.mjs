// Labels of the base map on a screen that is larger than a desk.

import { remScale } from "../common/core.mjs";

/** The style's labels are sized for a desk; on a 4K wall of pixels they grow with the rest. */
export function enlargeLabels(map) {
  const scale = remScale();
  if (scale === 1) return;
  for (const layer of map.getStyle().layers) {
    const size = layer.layout?.["text-size"];
    if (typeof size === "number") map.setLayoutProperty(layer.id, "text-size", size * scale);
    if (Array.isArray(size) && size[0] === "interpolate") {
      map.setLayoutProperty(layer.id, "text-size", size.map((v, i) => (i >= 4 && i % 2 === 0 && typeof v === "number" ? v * scale : v)));
    }
  }
}
