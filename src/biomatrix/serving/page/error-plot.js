// The error of a round trip along the chain, a bar for each residue or atom.
import { el, number, svgEl } from "./elements.js";

const WIDTH = 640, HEIGHT = 150, LEFT = 44, BOTTOM = 24, TOP = 8;

export function errorPlot(errors, { pointing, unit }) {
  const values = errors.map((one) => (Number.isFinite(one.value) ? one.value : 0));
  const most = Math.max(...values, 1e-9);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const measure = errors[0]?.measure ?? "";
  const step = (WIDTH - LEFT) / errors.length;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const svg = svgEl("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img", "aria-label": `Error along the chain: mean ${number(mean)} ${measure}, most ${number(most)}` });
  for (const share of [0, 0.5, 1]) {
    const at = y(most * share);
    svg.append(svgEl("line", { x1: LEFT, x2: WIDTH, y1: at, y2: at, class: "rule" }), svgEl("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, number(most * share, 2)));
  }
  const bars = new Map();
  errors.forEach((one, index) => {
    const x = LEFT + index * step;
    const at = y(values[index]);
    const bar = svgEl("rect", { x, y: at, width: Math.max(step * 0.86, 0.6), height: Math.max(HEIGHT - BOTTOM - at, 0.5), class: "bar-of-error" });
    const column = svgEl("rect", { x, y: TOP, width: step, height: HEIGHT - TOP - BOTTOM, class: "column", "data-unit": one.unit });
    column.append(svgEl("title", {}, `${unit} ${one.unit + 1}: ${number(one.value)} ${one.measure ?? measure}`));
    bars.set(one.unit, bar);
    svg.append(bar, column);
  });
  for (const index of [0, Math.floor(errors.length / 2), errors.length - 1]) {
    svg.append(svgEl("text", { x: LEFT + (index + 0.5) * step, y: HEIGHT - 6, "text-anchor": index ? (index === errors.length - 1 ? "end" : "middle") : "start" }, String(errors[index].unit + 1)));
  }
  svg.addEventListener("pointerover", (event) => pointing.at(Number(event.target.dataset?.unit ?? NaN), svg));
  svg.addEventListener("pointerleave", () => pointing.at(null, svg));
  let lit = null;
  pointing.listen((at) => { lit?.classList.remove("lit"); lit = bars.get(at) ?? null; lit?.classList.add("lit"); });
  return el("figure", {}, svg, el("figcaption", { class: "quiet" }, `Error of each ${unit} in ${measure}: mean ${number(mean)}, most ${number(most)}`));
}

// From good to bad, on the scale of the plot.
export function errorColour(errors) {
  const byUnit = new Map(errors.map((one) => [one.unit, one.value]));
  const most = Math.max(...errors.map((one) => (Number.isFinite(one.value) ? one.value : 0)), 1e-9);
  return (unit) => {
    const value = byUnit.get(unit);
    if (!Number.isFinite(value)) return null;
    const share = Math.min(1, value / most);
    const mix = (a, b) => Math.round(a + (b - a) * share);
    return (mix(0x2e, 0xd1) << 16) | (mix(0x8b, 0x38) << 8) | mix(0x8b, 0x3d);
  };
}
