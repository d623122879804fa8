// Any entity becomes its tokens and comes back; what was lost on the way is drawn along the chain.
import { ask, lineOf } from "./api.js";
import { givenStructure, kindNamed, structureOf } from "./catalogue.js";
import { drawing } from "./drawing.js";
import { button, choice, copy, el, field, say, words } from "./elements.js";
import { errorColour, errorPlot } from "./error-plot.js";
import { chosen, onInputs } from "./inputs.js";
import { Pointing } from "./pointing.js";
import { ruler } from "./ruler.js";
import { structureBox } from "./structure-box.js";
import { tokenStrip } from "./tokens.js";

const parts = {};
let boxes = [];

export function startExplorer(root) {
  parts.modality = choice([], "");
  parts.go = button("Encode and decode", encode, { class: "primary" });
  parts.state = el("p", { class: "state", role: "status" });
  parts.out = el("div", { class: "card", hidden: true });
  parts.tokens = el("textarea", { rows: 3, class: "mono", spellcheck: "false", placeholder: "Tokens with their control pair" });
  root.replaceChildren(
    el("p", {}, "What is put in on the left is written as tokens and read back from them."),
    el("div", { class: "row" }, field("Written as", parts.modality), parts.go), parts.state, parts.out,
    el("details", { class: "sub" }, el("summary", {}, "Decode tokens of your own"), field("Tokens", parts.tokens), button("Decode", decode)));
  onInputs(offer);
  offer();
}

function offer() {
  const told = chosen();
  const kind = kindNamed(told?.kind);
  const fitting = kind?.modalities.filter((one) => told.has_structure || !one.needs_structure) ?? [];
  const before = parts.modality.value;
  parts.modality.replaceChildren(...fitting.map((one) => el("option", { value: one.name }, words(one.name))));
  parts.modality.value = fitting.some((one) => one.name === before) ? before : fitting.at(-1)?.name ?? "";
  parts.go.disabled = !fitting.length;
  parts.state.textContent = fitting.length ? "" : "Put in a molecule or a protein first.";
}

function fresh() {
  for (const box of boxes) box.dispose();
  boxes = [];
  parts.out.replaceChildren();
  parts.out.hidden = true;
}

export function closeExplorer() {
  for (const box of boxes) box.close();
}

async function encode() {
  const told = chosen();
  fresh();
  parts.state.textContent = "Encoding…";
  try {
    const found = await ask("/v1/encode", { entity: told.entity, modality: parts.modality.value });
    parts.state.textContent = `${found.tokens.length} tokens of ${words(found.modality ?? parts.modality.value)}`;
    say(parts.state.textContent);
    await show(found, told);
  } catch (error) {
    parts.state.textContent = lineOf(error);
  }
}

async function show(found, told) {
  const pointing = new Pointing();
  const { unit } = kindNamed(told.kind);
  const modality = found.modality ?? parts.modality.value;
  const tokens = found.tokens.map((one) => ({ modality, ...one }));
  const pair = el("div", { class: "pair" });
  const back = found.entity;
  if (back?.picture) pair.append(el("div", { class: "drawing" }, drawing(back.picture, { pointing, label: `Drawing of ${back.text}` })));
  else if (back && unit === "residue") {
    const letters = back.text.length === told.text.length ? told.text : back.text; // a fold alone says no letters
    pair.append(el("div", { class: "drawing" }, ruler(letters, { pointing })));
  }
  parts.out.append(pair);
  const errors = (found.error ?? []).filter((one) => Number.isInteger(one.unit));
  if (errors.length) parts.out.append(errorPlot(errors, { pointing, unit }));
  parts.out.append(tokenStrip(tokens, { pointing, unit }),
    el("div", { class: "row" }, button("Copy tokens", (event) => copy(found.wrapped, event.target)), button("Decode these below", () => { parts.tokens.value = found.wrapped; parts.tokens.closest("details").open = true; parts.tokens.focus(); }, { class: "plain" })));
  for (const note of found.notes ?? []) parts.out.append(el("p", { class: "note" }, note));
  parts.out.hidden = false;
  await place(pair, back, told, errors, { unit, pointing });
}

async function place(pair, back, told, errors, options) {
  const structure = back ? structureOf(back) : null;
  if (!structure) return;
  const native = givenStructure(told.entity);
  let main = structure;
  if (native) {
    const moved = await ask("/v1/superpose", { moving: { type: back.kind, [structure.format]: structure.content }, target: told.entity }).catch(() => null);
    if (moved) main = { ...structure, format: moved.format, content: moved.content };
  }
  const colours = { error: errors.length ? errorColour(errors) : null };
  const over = main === structure ? null : native;
  const box = structureBox({ main, over, colours, colouring: errors.length ? "error" : "plain", ...options, caption: over ? "over the input" : "" });
  boxes.push(box);
  pair.append(box.element);
}

async function decode() {
  fresh();
  try {
    const { entity, notes } = await ask("/v1/decode", { tokens: parts.tokens.value.trim(), modality: null });
    parts.state.textContent = `A ${entity.kind}: ${entity.text}`;
    const pair = el("div", { class: "pair" });
    if (entity.picture) pair.append(el("div", { class: "drawing" }, drawing(entity.picture)));
    parts.out.append(el("p", { class: "mono" }, entity.text), pair);
    const structure = structureOf(entity);
    if (structure) {
      const box = structureBox({ main: structure, unit: kindNamed(entity.kind).unit });
      boxes.push(box);
      pair.append(box.element);
    }
    for (const note of notes ?? []) parts.out.append(el("p", { class: "note" }, note));
    parts.out.hidden = false;
  } catch (error) {
    parts.state.textContent = lineOf(error);
  }
}
