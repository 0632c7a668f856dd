// A chart as a picture: drawn anew at 2,000 px on the theme's ground, with title, period, source and time of making.

import { $, el, present, setText, t, toLocal, toMinute, zone } from "./core.mjs";
import { round, s } from "./svg.mjs";

const WIDE = 2000; // px of the picture
const SCALE = 1.8; // of its letters
const EDGE = 48;
const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "stroke-opacity", "opacity", "font-size", "font-weight", "text-anchor", "paint-order"];

/** A button that saves. make: (width, k) => svg. said: () => {title, lines, name}. */
export function saver(holder, make, said) {
  const button = el("button", "button png", t("PNG"), { type: "button", title: t("This chart as a picture") });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await save(make, said());
      setText($("live-words"), t("The picture is saved"));
    } catch (error) {
      setText($("data-problem") ?? $("live-words"), t("The picture could not be made: {why}", { why: error.message }));
      if ($("data-problem")) $("data-problem").hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  holder.replaceChildren(button);
  return button;
}
async function save(make, said) {
  const whole = framed(await make(WIDE - 2 * EDGE, SCALE), said);
  const blob = await rastered(whole);
  const link = el("a", "", null, { href: URL.createObjectURL(blob), download: `${said.name}.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
/** The chart with its title above and its source below. */
function framed(chart, { title, lines }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const width = Number(chart.getAttribute("width")), height = Number(chart.getAttribute("height"));
  const body = width > WIDE - 2 * EDGE ? (WIDE - 2 * EDGE) / width : 1;
  const head = EDGE + 50 + lines.length * 34, tall = Math.ceil(head + height * body + 110);
  const whole = s("svg", { xmlns: "http://www.w3.org/2000/svg", width: WIDE, height: tall, viewBox: `0 0 ${WIDE} ${tall}`, "font-family": getComputedStyle(document.body).fontFamily });
  const line = (text, y, size, fill, weight = 400) => s("text", { x: EDGE, y, "font-size": size, fill, "font-weight": weight }, text);
  whole.append(s("rect", { width: WIDE, height: tall, fill: colour("--panel") }), line(title, EDGE + 30, 34, colour("--text"), 700));
  lines.forEach((text, n) => whole.append(line(text, EDGE + 74 + n * 34, 24, colour("--text-secondary"))));
  const made = `${toLocal(present()).replace("T", " ")} ${zone}`;
  whole.append(line(t("Source: {what}. Made {at}.", { what: document.title, at: made }), tall - 32, 20, colour("--text-secondary")));
  chart.setAttribute("x", round((WIDE - width * body) / 2));
  chart.setAttribute("y", head);
  chart.setAttribute("width", round(width * body));
  chart.setAttribute("height", round(height * body));
  whole.append(plain(chart));
  return whole;
}
/** What classes say, as attributes: a picture has no style sheet. */
function plain(chart) {
  const stage = el("div", "ana-stage", null, { "aria-hidden": "true" });
  document.body.append(stage);
  stage.append(chart);
  for (const node of [chart, ...chart.querySelectorAll("*")]) {
    const found = getComputedStyle(node);
    for (const name of node.getAttribute("class") ? STYLES : []) node.setAttribute(name, found.getPropertyValue(name));
  }
  for (const node of chart.querySelectorAll("[class]")) node.removeAttribute("class");
  stage.remove();
  return chart;
}
function rastered(whole) {
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(whole)], { type: "image/svg+xml" }));
  const image = new Image();
  return new Promise((done, failed) => {
    image.onerror = () => failed(new Error(t("the browser does not draw it")));
    image.onload = () => {
      const canvas = el("canvas", "", null, { width: whole.getAttribute("width"), height: whole.getAttribute("height") });
      canvas.getContext("2d").drawImage(image, 0, 0);
      canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error(t("the browser does not draw it")))), "image/png");
    };
    image.src = url;
  }).finally(() => URL.revokeObjectURL(url));
}
export const stretchText = (from, to) => `${toMinute(Date.parse(from))} – ${toMinute(Date.parse(to))}`;
