// A sequence in blocks of ten with numbers; each letter can be pointed at.
import { el } from "./elements.js";

export function ruler(sequence, { pointing = null, colourOf = null, label = "Sequence" } = {}) {
  const box = el("div", { class: "ruler", role: "group", "aria-label": `${label}, ${sequence.length} residues` });
  const letters = [];
  for (let start = 0; start < sequence.length; start += 10) {
    const block = el("span", { class: "block" });
    const last = Math.min(start + 10, sequence.length);
    block.append(el("span", { class: "count", "aria-hidden": "true" }, String(last)));
    for (let unit = start; unit < last; unit += 1) {
      const letter = el("span", { class: "letter", "data-unit": unit, title: `${sequence[unit]}${unit + 1}` }, sequence[unit]);
      const colour = colourOf?.(unit);
      if (colour) letter.style.setProperty("--unit", colour);
      letters.push(letter);
      block.append(letter);
    }
    box.append(block);
  }
  if (pointing) link(box, letters, pointing);
  return box;
}

function link(box, letters, pointing) {
  const unitOf = (event) => Number(event.target.closest?.("[data-unit]")?.dataset.unit ?? NaN);
  box.addEventListener("pointerover", (event) => pointing.at(unitOf(event), box));
  box.addEventListener("pointerleave", () => pointing.at(null, box));
  let lit = null;
  pointing.listen((unit) => {
    lit?.classList.remove("lit");
    lit = letters[unit] ?? null;
    lit?.classList.add("lit");
  });
}
