// How answers are written, with defaults that need no thought; constraints are those of the kind that is asked for.
import { kindOfModality } from "./catalogue.js";
import { choice, el, field, words } from "./elements.js";

const DEFAULTS = { samples: 1, temperature: 1, top_p: 1, seed: 0, length: "", max_new_tokens: "", best_of: 1, checks: "fast", greedy: false };
const FIRST = { contains: "Required substructure", fixed: "Fixed residues" };
const controls = {};
let box = null;
let constrained = null;
let fields = new Map();

export function settingsForm() {
  const numberField = (name, attributes) => el("input", { type: "number", value: DEFAULTS[name], ...attributes });
  controls.samples = numberField("samples", { min: 1, max: 64 });
  controls.temperature = numberField("temperature", { min: 0, max: 3, step: 0.1 });
  controls.top_p = numberField("top_p", { min: 0.01, max: 1, step: 0.01 });
  controls.seed = numberField("seed", { min: 0, step: 1 });
  controls.length = el("input", { placeholder: "20, or 10-30" });
  controls.max_new_tokens = el("input", { type: "number", min: 1, placeholder: "as needed" });
  controls.best_of = numberField("best_of", { min: 1, max: 64 });
  controls.checks = choice([["fast", "Fast"], ["full", "Full"], ["off", "None"]], DEFAULTS.checks);
  box = el("details", { class: "sub" }, el("summary", {}, "Constraints"), el("div", { class: "grid", id: "constraints" }));
  box.hidden = true;
  return el("details", { class: "sub" }, el("summary", {}, "Settings"),
    el("div", { class: "grid" },
      field("Samples", controls.samples, "one card each"),
      field("Temperature", controls.temperature, "0 takes the likeliest"),
      field("Seed", controls.seed, "the same seed, the same answers"),
      field("Length", controls.length, "residues, atoms or symbols"),
      field("Nucleus (top p)", controls.top_p), field("Best of", controls.best_of, "drafts for each sample"),
      field("Most new tokens", controls.max_new_tokens), field("Checks", controls.checks)),
    box);
}

// Offer the constraints of an output modality's kind.
export function constrainFor(output) {
  const kind = kindOfModality(output);
  if (kind === constrained) return;
  constrained = kind;
  fields = new Map();
  box.hidden = !kind?.constraints.length;
  if (!kind) return;
  const ordered = [...kind.constraints].sort((a, b) => (b.name in FIRST) - (a.name in FIRST));
  const shown = ordered.map((one) => {
    const example = (one.example ?? "").replace(`${one.name}=`, "");
    const control = el("input", { placeholder: example, class: "mono", spellcheck: "false" });
    fields.set(one.name, control);
    return field(FIRST[one.name] ?? words(one.name), control, one.help ?? "");
  });
  box.querySelector("#constraints").replaceChildren(...shown);
}

export function constraintsNow() {
  return [...fields].filter(([, control]) => control.value.trim()).map(([name, control]) => `${name}=${control.value.trim()}`);
}

// An exact number, or the least and the most; Error where the text is neither.
function lengthNow() {
  const text = controls.length.value.trim();
  if (!text) return null;
  if (/^\d+$/.test(text)) return Number(text);
  const range = /^(\d*)\s*[-–]\s*(\d*)$/.exec(text);
  if (!range || !(range[1] || range[2])) throw new Error(`Length: '${text}' is no length; write 20, 10-30, or 10-`);
  return [range[1] ? Number(range[1]) : null, range[2] ? Number(range[2]) : null];
}

// What differs from the server's own defaults is sent, and what repeats the answer always.
export function settingsNow() {
  const found = { samples: whole("samples"), temperature: decimal("temperature"), seed: whole("seed") };
  if (decimal("top_p") !== 1) found.top_p = decimal("top_p");
  if (found.temperature === 0) Object.assign(found, { greedy: true, temperature: 1 });
  if (controls.max_new_tokens.value) found.max_new_tokens = whole("max_new_tokens");
  if (whole("best_of") > 1) found.best_of = whole("best_of");
  if (controls.checks.value !== "fast") found.checks = controls.checks.value;
  const length = lengthNow();
  if (length !== null) found.length = length;
  if (constraintsNow().length) found.constraints = constraintsNow();
  return found;
}

function whole(name) {
  const value = Number(controls[name].value);
  if (!Number.isInteger(value)) throw new Error(`${words(name)}: '${controls[name].value}' is no whole number`);
  return value;
}

function decimal(name) {
  const value = Number(controls[name].value);
  if (!Number.isFinite(value) || controls[name].value === "") throw new Error(`${words(name)}: '${controls[name].value}' is no number`);
  return value;
}

export function setSettings(body) {
  for (const name of Object.keys(DEFAULTS)) {
    if (!(name in controls)) continue;
    const value = name === "temperature" && body.greedy ? 0 : body[name] ?? DEFAULTS[name];
    controls[name].value = Array.isArray(value) ? value.map((one) => one ?? "").join("-") : value;
  }
  for (const control of fields.values()) control.value = "";
  for (const wish of body.constraints ?? []) {
    const [, name, value] = /^([^=]+)=?(.*)$/s.exec(wish) ?? [];
    if (fields.has(name)) fields.get(name).value = value;
  }
  if (body.constraints?.length) { box.open = true; box.parentElement.open = true; }
}

export function nextSeed() {
  controls.seed.value = Number(controls.seed.value) + 1;
}
