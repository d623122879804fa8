// SVG of the server, rebuilt element by element from an allow-list: no script, no link, no style sheet comes through.
import { el, svgEl } from "./elements.js";

const SHAPES = {
  svg: ["viewBox"], g: ["transform"], path: ["d"], circle: ["cx", "cy", "r"], ellipse: ["cx", "cy", "rx", "ry"],
  line: ["x1", "y1", "x2", "y2"], rect: ["x", "y", "width", "height", "rx"], polygon: ["points"], polyline: ["points"],
  text: ["x", "y", "text-anchor"], tspan: ["x", "y", "dx", "dy"], title: [],
};
const PAINTS = ["fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "opacity",
  "fill-opacity", "stroke-opacity", "fill-rule", "font-size", "font-family", "font-weight"];
const PLAIN = /^[\w\s#.,%()+-]*$/;
const CLASS = /^(atom-selector|bond-selector|atom-\d+|bond-\d+|unit-\d+)$/;

export function drawing(svg, { pointing = null, label = "Structure drawing" } = {}) {
  // A style attribute would be refused, and reported, where the parser meets it.
  const parsed = new DOMParser().parseFromString(svg.replace(/\sstyle=/g, " data-style="), "image/svg+xml");
  const root = parsed.documentElement;
  if (root.localName !== "svg" || parsed.querySelector("parsererror")) return el("p", { class: "quiet" }, "No drawing.");
  const size = [root.getAttribute("width"), root.getAttribute("height")].map(Number.parseFloat);
  if (!root.hasAttribute("viewBox") && size.every(Number.isFinite)) root.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
  const rebuilt = rebuild(root);
  rebuilt.setAttribute("role", "img");
  rebuilt.setAttribute("aria-label", label);
  if (pointing) link(rebuilt, pointing);
  return rebuilt;
}

function rebuild(source) {
  const made = svgEl(source.localName);
  for (const name of SHAPES[source.localName]) {
    const value = source.getAttribute(name);
    if (value !== null && PLAIN.test(value)) made.setAttribute(name, value);
  }
  const classes = (source.getAttribute("class") ?? "").split(/\s+/).filter((name) => CLASS.test(name));
  if (classes.length) made.setAttribute("class", classes.join(" "));
  if (!classes.some((name) => name.endsWith("-selector"))) dress(source, made);
  for (const child of source.childNodes) {
    if (child.nodeType === Node.TEXT_NODE && child.data.trim()) made.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE && child.localName in SHAPES) made.append(rebuild(child));
  }
  return made;
}

// Black becomes the colour of text, others a custom property, so that a dark page can lighten them.
function dress(source, made) {
  const declared = (source.getAttribute("data-style") ?? "").split(";").map((one) => one.split(":").map((part) => part.trim()));
  for (const name of PAINTS) declared.push([name, source.getAttribute(name) ?? ""]);
  for (const [name, value] of declared) {
    if (!PAINTS.includes(name) || !value || !PLAIN.test(value) || value.includes("url")) continue;
    const hex = /^#[0-9a-f]{6}$/i.test(value) ? value.slice(1).toLowerCase() : null;
    const shown = hex === "000000" ? "currentColor" : hex ? `var(--ink-${hex}, ${value})` : value;
    made.style.setProperty(name, shown);
  }
}

function unitsOf(element) {
  return [...element.classList].map((name) => /^(?:atom|unit)-(\d+)$/.exec(name)).filter(Boolean).map((found) => Number(found[1]));
}

function link(svg, pointing) {
  const selectors = new Map();
  for (const one of svg.querySelectorAll(".atom-selector, [class*='unit-']")) selectors.set(unitsOf(one)[0], one);
  svg.addEventListener("pointerover", (event) => pointing.at(unitsOf(event.target)[0] ?? null, svg));
  svg.addEventListener("pointerleave", () => pointing.at(null, svg));
  let lit = null;
  pointing.listen((unit) => {
    lit?.classList.remove("lit");
    lit = selectors.get(unit) ?? null;
    lit?.classList.add("lit");
  });
}
