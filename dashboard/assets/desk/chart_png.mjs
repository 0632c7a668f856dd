// The drawer's chart as a picture: what plotly draws, in the frame of every picture of ours.

import { $, metricName, metrics, shortName, t, toLocal, fromLocal, word } from "../common/core.mjs";
import { graph } from "./chart.mjs";
import { saver, stretchText } from "../common/png.mjs";
import { chosen, stations } from "../common/state.mjs";
import { s } from "../common/svg.mjs";

const SHAPE = 0.46; // height of its width
const LETTERS = 3.5; // drawn at the drawer's height, for which its strip and letters are made, and enlarged

export function start() {
  if ($("chart-tools")) saver($("chart-tools"), draw, said);
}
async function draw(width) {
  const small = width / LETTERS;
  const url = await Plotly.toImage(graph(), { format: "svg", width: small, height: small * SHAPE });
  // As a picture in the picture: its style attributes would not pass the page's CSP as elements.
  const height = width * SHAPE, whole = s("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  whole.append(s("image", { href: url, width, height }));
  return whole;
}
function said() {
  const station = stations.get(chosen.station), { metric } = chosen;
  const [from, to] = graph().layout.xaxis.range.map((at) => new Date(fromLocal(at)).toISOString());
  const origin = station.latest[metric]?.origin ?? "live";
  const unit = metrics[metric]?.unit ? `, ${metrics[metric].unit}` : "";
  return { name: `${station.code}_${metric}_${toLocal(Date.parse(to)).slice(0, 16).replace(/[-:T]/g, "")}`, title: `${shortName(station.names)} ${station.code}: ${metricName(metric)}${unit}`, lines: [`${stretchText(from, to)}${origin === "live" ? "" : ` · ${t("Data: {origin}.", { origin: word(origin) })}`}`] };
}
