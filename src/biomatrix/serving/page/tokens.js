// Tokens coloured by modality; one tab stop, arrows move, and the token in focus or under the pointer is pointed at.
import { paint } from "./catalogue.js";
import { el, number } from "./elements.js";

const AT_ONCE = 4000;

export function tokenStrip(tokens, { pointing = null, unit = "unit", label = "Tokens" } = {}) {
  const box = el("div", { class: "tokens", role: "listbox", "aria-label": `${label}: ${tokens.length}; arrow keys move`, "aria-orientation": "horizontal" });
  const spans = [];
  let group = null;
  tokens.slice(0, AT_ONCE).forEach((token, index) => {
    if (!group || group.modality !== token.modality) {
      group = { modality: token.modality, element: el("span", { class: token.modality ? "of-modality" : "of-text" }) };
      if (token.modality) paint(group.element, token.modality);
      box.append(group.element);
    }
    const stands = Number.isInteger(token.unit) ? `, ${unit} ${token.unit + 1}` : "";
    const sure = Number.isFinite(token.logprob) ? `, probability ${number(Math.exp(token.logprob), 2)}` : "";
    const span = el("span", {
      role: "option", tabindex: index ? -1 : 0, class: Number.isInteger(token.unit) ? "token stands" : "token", "data-index": index,
      "aria-label": `${token.text}${stands}${sure}, token ${index + 1}`, title: `${token.text}${stands}${sure}`,
    }, token.text);
    spans.push(span);
    group.element.append(span);
  });
  if (tokens.length > AT_ONCE) box.append(el("i", {}, ` ${tokens.length - AT_ONCE} more`));
  walk(box, spans);
  if (pointing) link(box, spans, tokens, pointing);
  return box;
}

function walk(box, spans) {
  box.addEventListener("keydown", (event) => {
    const here = Number(event.target.dataset.index ?? NaN);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowDown: here + 10, ArrowUp: here - 10, Home: 0, End: spans.length - 1 }[event.key];
    if (next === undefined || Number.isNaN(here)) return;
    event.preventDefault();
    const to = spans[Math.max(0, Math.min(spans.length - 1, next))];
    spans[here].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });
}

function link(box, spans, tokens, pointing) {
  const unitOf = (event) => tokens[Number(event.target.closest?.("[data-index]")?.dataset.index ?? NaN)]?.unit;
  for (const name of ["pointerover", "focusin"]) box.addEventListener(name, (event) => pointing.at(unitOf(event), box));
  for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, () => pointing.at(null, box));
  const places = new Map();
  tokens.slice(0, AT_ONCE).forEach((token, index) => {
    if (Number.isInteger(token.unit)) places.set(token.unit, [...(places.get(token.unit) ?? []), spans[index]]);
  });
  let lit = [];
  pointing.listen((unit, source) => {
    for (const span of lit) span.classList.remove("lit");
    lit = places.get(unit) ?? [];
    for (const span of lit) span.classList.add("lit");
    if (lit[0] && source !== box) reveal(box, lit[0]);
  });
}

// Scroll the strip, not the page.
function reveal(box, span) {
  const top = span.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - span.offsetHeight) box.scrollTop = top - box.clientHeight / 2;
}
