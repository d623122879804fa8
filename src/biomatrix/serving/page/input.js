// The input: paste, drop or pick an example; it is drawn while it is typed, and an error points at its place.
import { ask, lineOf } from "./api.js";
import { catalogue, givenStructure, kindNamed, wayOf } from "./catalogue.js";
import { drawing } from "./drawing.js";
import { button, choice, el, field, say } from "./elements.js";
import { blank, inputOf, inputs, onInputs, setInputs, tellInputs } from "./inputs.js";
import { FileRefused, MOST_RECORDS, formatOf, recordsOf, textOf } from "./records.js";
import { ruler } from "./ruler.js";
import { structureBox } from "./structure-box.js";

const WAIT = 220; // ms without a key before the server is asked to draw
const SHOWN_LETTERS = 1000;
let parts = null;
let asking = null;
let timer = 0;
let shown3d = null;

export function startInput(root) {
  const text = el("textarea", {
    rows: 3, spellcheck: "false", autocomplete: "off", autocapitalize: "off", class: "mono",
    placeholder: `${catalogue.kinds.map((kind) => kind.typed_as).join(", ")}, or the text of a file`,
    oninput: () => typed(),
  });
  const kinds = [["", "Recognise it"], ...catalogue.kinds.map((kind) => [kind.name, `A ${kind.name}`])];
  const kind = choice(kinds, "", (value) => { active().kind = value; redraw(0); });
  const chain = el("input", { size: 3, maxlength: 8, oninput: () => { active().chain = chain.value.trim(); redraw(WAIT); } });
  const files = el("input", { type: "file", multiple: true, class: "unseen", tabindex: -1, "aria-hidden": "true", onchange: () => { drop(files.files); files.value = ""; } });
  parts = {
    text, kind, chain, chainField: field("Chain", chain), tray: el("div", { class: "tray", role: "group", "aria-label": "What was put in" }),
    textField: field("Paste or type", text), file: el("div", { class: "file" }), preview: el("div", { class: "preview" }),
    error: el("div", { class: "fault", role: "alert" }),
  };
  root.replaceChildren(
    parts.tray, parts.textField, parts.file, parts.error,
    el("div", { class: "row" }, field("It is", kind), parts.chainField,
      button("Open files", () => files.click(), { class: "plain" }), files,
      button("Clear", () => { setInputs([blank()]); parts.text.focus(); }, { class: "plain" })),
    examples(), parts.preview,
  );
  acceptDrops(root.closest(".panel"));
  onInputs(show);
  setInputs([blank()]);
}

function active() {
  return inputs.all[inputs.active];
}

function examples() {
  const row = el("div", { class: "chips", role: "group", "aria-label": "Examples" }, el("span", { class: "quiet" }, "Try"));
  for (const kind of catalogue.kinds) {
    for (const one of kind.examples) {
      const { way, content } = wayOf(one.entity);
      row.append(button(one.title.replace(", with coordinates", " 3D"), () => {
        const all = [...inputs.all];
        all[inputs.active] = inputOf(one.entity, way, content, `${one.title}, ${way}`);
        setInputs(all, inputs.active);
        redraw(0);
      }, { class: "chip", title: one.origin ?? "" }));
    }
  }
  return row;
}

function typed() {
  const one = active();
  one.text = parts.text.value;
  one.way = null;
  redraw(WAIT);
}

// What the server is asked: a file as the format it is, typed text as the chosen kind, or for it to recognise.
function question(one) {
  const kind = kindNamed(one.kind);
  const chain = one.chain ? { chain: one.chain } : {};
  if (one.file?.way && kind) return { entity: { type: kind.name, [one.file.way]: one.file.content, ...chain } };
  const content = one.file ? one.file.content : one.text;
  const isFile = content.trim().includes("\n");
  if (kind && !isFile) return { entity: { type: kind.name, [one.way ?? kind.typed_way ?? kind.name]: content.trim() } };
  return { text: isFile ? content : content.trim() };
}

export function redraw(wait) {
  clearTimeout(timer);
  asking?.abort();
  const one = active();
  if (!one.file && !one.text.trim()) {
    Object.assign(one, { told: null, error: null });
    tellInputs();
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  timer = setTimeout(async () => {
    try {
      await drawInto(one, signal);
      if (one.told) say(`Read as a ${one.told.kind}.`);
    } catch (error) {
      if (error.name === "AbortError") return;
      Object.assign(one, { told: null, error });
    }
    tellInputs();
  }, wait);
}

async function drawInto(one, signal) {
  let { drawn, fault } = await ask("/v1/draw", question(one), { signal });
  if (drawn && one.chain && !drawn.entity.chain && !one.file?.way) {
    ({ drawn, fault } = await ask("/v1/draw", { entity: { ...drawn.entity, chain: one.chain } }, { signal }));
  }
  if (drawn && !drawn.name && one.file) drawn.name = one.file.name;
  Object.assign(one, { told: drawn ?? null, error: fault ?? null });
}

// Draw every input that has not been drawn, such as those of a link; the last of them becomes the active one.
export async function redrawAll() {
  for (const one of inputs.all) {
    if (one.told || (!one.file && !one.text)) continue;
    try { await drawInto(one); } catch (error) { one.error = error; }
  }
  tellInputs();
}

function show() {
  const one = active();
  if (parts.text.value !== one.text) parts.text.value = one.text;
  parts.kind.value = one.kind;
  parts.textField.hidden = Boolean(one.file);
  parts.file.hidden = !one.file;
  if (one.file) {
    const size = one.file.content.length;
    const length = size < 1024 ? `${size} bytes` : `${(size / 1024).toFixed(0)} kB`;
    parts.file.replaceChildren(el("span", { class: "mono" }, one.file.name), el("span", { class: "quiet" }, length),
      button("Remove", () => { inputs.all[inputs.active] = blank(); tellInputs(); parts.text.focus(); }, { class: "plain" }));
  }
  const wantsChain = one.chain || /chain/i.test(one.error?.message ?? "") || givenStructure(one.told?.entity) !== null && one.told.size !== null;
  parts.chainField.hidden = !wantsChain;
  if (document.activeElement !== parts.chain) parts.chain.value = one.chain;
  showTray();
  showError(one);
  showPreview(one);
}

function showTray() {
  const several = inputs.all.length > 1;
  const chips = inputs.all.map((one, index) => button(
    `${index + 1} ${one.told ? `${one.told.kind}: ${short(one.told.name || one.told.text)}` : "empty"}`,
    () => { inputs.active = index; tellInputs(); },
    { class: "chip", "aria-pressed": String(index === inputs.active) },
  ));
  const add = button("+ Add another", () => { setInputs([...inputs.all, blank()], inputs.all.length); parts.text.focus(); }, { class: "chip" });
  parts.tray.replaceChildren(...(several ? chips : []), ...(inputs.all.at(-1).told ? [add] : []));
}

function short(text) {
  return text.length > 18 ? `${text.slice(0, 17)}…` : text;
}

function showError(one) {
  parts.error.replaceChildren();
  parts.text.removeAttribute("aria-invalid");
  if (!one.error) return;
  parts.text.setAttribute("aria-invalid", "true");
  const text = one.text.trim();
  const place = one.file ? null : one.error.place ?? null;
  if (place !== null && place < text.length) {
    const from = Math.max(0, place - 30);
    parts.error.append(el("p", { class: "mono at" }, from ? "…" : "", text.slice(from, place), el("mark", {}, text[place]), text.slice(place + 1, place + 20)));
  }
  parts.error.append(el("p", {}, lineOf(one.error)));
}

function showPreview(one) {
  shown3d?.dispose();
  shown3d = null;
  parts.preview.replaceChildren();
  if (!one.told) return;
  const { told } = one;
  const title = told.name ? `${told.name}: ` : "";
  const size = told.size === null || told.size === undefined ? "" : `, ${told.size} residues`;
  parts.preview.append(el("p", { class: "quiet" }, `${title}a ${told.kind}${size}${told.has_structure ? ", with coordinates" : ""}`));
  if (told.svg) parts.preview.append(el("div", { class: "drawing" }, drawing(told.svg, { label: `Drawing of ${told.text}` })));
  else if (told.size) parts.preview.append(ruler(told.text.slice(0, SHOWN_LETTERS)));
  if (told.also?.length) parts.preview.append(el("p", { class: "quiet" }, `It could also be a ${told.also.join(" or a ")}; say so above.`));
  for (const note of told.notes) parts.preview.append(el("p", { class: "note" }, note));
  const structure = told.has_structure ? givenStructure(told.entity) : null;
  if (structure) {
    shown3d = structureBox({ main: structure, unit: kindNamed(told.kind).unit, open: false });
    parts.preview.append(shown3d.element);
  }
}

function acceptDrops(panel) {
  const mark = (on) => panel.classList.toggle("dropping", on);
  panel.addEventListener("dragover", (event) => { event.preventDefault(); mark(true); });
  panel.addEventListener("dragleave", () => mark(false));
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files.length) drop(event.dataTransfer.files);
    else { parts.text.value = event.dataTransfer.getData("text"); typed(); }
  });
  // A file dropped beside the panel would otherwise replace the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
}

async function drop(files) {
  const added = [];
  try {
    for (const file of files) {
      const { kind, format } = formatOf(file.name.replace(/\.gz$/i, ""));
      const records = recordsOf(await textOf(file), format);
      if (added.length + records.length > MOST_RECORDS) {
        throw new FileRefused(`${file.name}: ${records.length} records, past ${MOST_RECORDS}; send many to POST /v1/jobs`);
      }
      records.forEach((content, index) => {
        const name = records.length > 1 ? `${file.name} (${index + 1})` : file.name;
        const isTyped = format && !format.structure && !content.trim().includes("\n") && format.starts === "";
        added.push(isTyped ? { ...blank(), text: content.trim(), kind: kind.name, way: format.name }
          : { ...blank(), kind: kind?.name ?? "", file: { name, way: format?.name ?? null, content } });
      });
    }
  } catch (error) {
    active().error = error;
    tellInputs();
    return;
  }
  const kept = inputs.all.filter((one) => one.told);
  setInputs([...kept, ...added], kept.length);
  await redrawAll();
}
