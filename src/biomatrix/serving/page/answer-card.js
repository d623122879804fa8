// One sample: its entity in 2D and 3D, its tokens, its checks, how sure it is, and files to take away.
import { ask } from "./api.js";
import { kindNamed, structureOf } from "./catalogue.js";
import { checksTable, countsOf } from "./checks.js";
import { downloads } from "./downloads.js";
import { drawing } from "./drawing.js";
import { button, copy, el, number } from "./elements.js";
import { Pointing } from "./pointing.js";
import { ruler } from "./ruler.js";
import { openViewers, structureBox } from "./structure-box.js";
import { tokenStrip } from "./tokens.js";
import { bandOf, checkColour, css, legend, unitProbabilities } from "./unit-colours.js";

const OPENED = 4;

export function answerCard(sample, run) {
  return new Card(sample, run);
}

class Card {
  constructor(sample, run) {
    this.sample = sample;
    this.run = run;
    this.done = false;
    this.box = null;
    this.live = [];
    this.badge = el("span", { class: "badge" }, "writing");
    this.body = el("div", { class: "card-body" });
    this.strip = el("div", { class: "tokens live", "aria-hidden": "true" });
    this.note = el("p", { class: "note", hidden: true });
    this.element = el("section", { class: "card", "aria-label": `Sample ${sample + 1}` },
      el("header", { class: "card-head" }, el("h4", {}, `Sample ${sample + 1}`), this.badge), this.note, this.body);
    this.body.append(this.strip);
  }

  event(type, data) {
    if (this.done) return;
    if (type === "text") this.append(data.text, "of-text");
    else if (type === "token") this.append(data.text ?? data.token, "of-modality");
    else if (type === "refused") { this.restart(); this.remark(`A draft was refused (${data.reason}); another is being written.`); }
    else if (type === "finished") this.finish(data.answer);
  }

  append(text, name) {
    const last = this.strip.lastChild;
    if (name === "of-text" && last?.className === name) last.append(text);
    else this.strip.append(el("span", { class: name }, text));
    this.strip.scrollTop = this.strip.scrollHeight;
  }

  remark(text) {
    this.note.hidden = !text;
    this.note.textContent = text;
  }

  restart() {
    if (!this.done) this.strip.replaceChildren();
  }

  cut(reason) {
    if (this.done) return;
    this.badge.textContent = "cut off";
    this.badge.className = "badge open";
    this.remark(`${reason} What came so far is no whole answer.`);
  }

  finish(answer) {
    if (this.done) return;
    this.done = true;
    // Units of the other entities of a text belong to none of the pictures.
    const tokens = (answer.tokens ?? []).map((one) => ((one.entity ?? 0) === 0 ? one : { ...one, unit: null }));
    this.answer = answer;
    this.remark("");
    const { passed, ran } = countsOf(answer.checks ?? []);
    this.badge.textContent = answer.error ? "no valid answer" : ran ? `${passed} of ${ran} checks passed` : "done";
    this.badge.className = `badge ${answer.error || passed < ran ? "failed" : ran ? "passed" : "open"}`;
    this.body.replaceChildren(...this.parts({ ...answer, tokens }));
  }

  summary() {
    return this.answer ? (this.answer.entity?.text ?? this.answer.text ?? "").slice(0, 120) : "";
  }

  parts(answer) {
    const told = answer.entity;
    const pointing = new Pointing();
    const found = [];
    if (answer.error) found.push(el("p", { class: "fault" }, answer.error));
    if (!told) found.push(...said(answer));
    const line = answer.confidence?.line ?? (typeof answer.confidence === "string" ? answer.confidence : "");
    if (line) found.push(el("p", { class: "confidence" }, el("span", { class: "label" }, "Confidence "), line));
    if (told) found.push(this.pictures(answer, told, pointing), this.written(told));
    if (answer.tokens?.length) found.push(this.tokens(answer, told, pointing));
    if (answer.checks?.length) {
      const { passed, ran } = countsOf(answer.checks);
      found.push(el("details", { class: "sub", open: passed < ran }, el("summary", {}, `Checks: ${answer.verdict || `${passed} of ${ran} passed`}`), checksTable(answer.checks, pointing)));
    }
    for (const note of [...(answer.notes ?? []), ...(told?.notes ?? [])]) found.push(el("p", { class: "note" }, note));
    if (answer.refused?.count) found.push(el("p", { class: "quiet" }, `${answer.refused.count} drafts refused before it: ${[...new Set(answer.refused.reasons)].join("; ")}`));
    found.push(downloads(answer, this.run, this.sample));
    return found.filter(Boolean);
  }

  written(told) {
    return el("div", { class: "written" }, el("code", {}, told.text), button("Copy", (event) => copy(told.text, event.target), { class: "plain", "aria-label": `Copy the ${told.kind}` }));
  }

  pictures(answer, told, pointing) {
    const probabilities = unitProbabilities(answer.tokens ?? []);
    const sure = (unit) => bandOf(probabilities[unit])?.[1] ?? null;
    const known = probabilities.some((one) => one !== undefined);
    const flat = told.picture ? drawing(told.picture, { pointing, label: `Drawing of ${told.text}` })
      : kindNamed(told.kind)?.unit === "residue" ? ruler(told.text, { pointing, colourOf: known ? (unit) => sure(unit) === null ? null : css(sure(unit)) : null }) : null;
    const pair = el("div", { class: "pair" });
    if (flat) pair.append(el("div", { class: "drawing" }, flat, told.picture || !known ? null : bands()));
    const structure = structureOf(told);
    if (structure) {
      const colours = { confidence: known ? sure : null, checks: answer.checks?.length ? checkColour(answer.checks) : null };
      const holder = el("div", { class: "structure" });
      pair.append(holder);
      this.place(holder, structure, { unit: kindNamed(told.kind).unit, pointing, colours }, told);
    }
    return pair;
  }

  // Over the input where that has coordinates of the same thing, else as it was written.
  async place(holder, structure, options, told) {
    const native = this.run.native;
    let main = structure;
    let over = null;
    let caption = "";
    if (native && native.given.type === told.kind) {
      try {
        const moved = await ask("/v1/superpose", { moving: { type: told.kind, [structure.format]: structure.content }, target: native.given });
        if (moved.moved === false) throw new Error("another thing than the input");
        main = { ...structure, format: moved.format, content: moved.content };
        over = native.structure;
        const apart = (moved.comparison ?? []).find((one) => /rmsd/i.test(one.name));
        caption = apart ? `${apart.name} to the input ${number(apart.value)} ${apart.unit}` : "over the input";
      } catch {
        caption = "another thing than the input";
      }
    }
    if (!this.element.isConnected) return;
    const open = openViewers() < OPENED; // the others open with a click
    this.box = structureBox({ main, over, caption, open, ...options });
    holder.replaceWith(this.box.element);
  }

  tokens(answer, told, pointing) {
    const unit = kindNamed(told?.kind)?.unit ?? "unit";
    const counted = `${answer.tokens.length} tokens, log-probability ${number(answer.logprob, 4)}`;
    return el("details", { class: "sub", open: true }, el("summary", {}, counted), tokenStrip(answer.tokens, { pointing, unit }));
  }

  dispose() {
    this.box?.dispose();
    this.box = null;
  }
}

// A text, and what it says read as a number with its unit, or as yes or no; once where the text is no more than that.
function said({ text, value, stated: read }) {
  const words = text ? el("p", { class: "said" }, text) : null;
  if (read?.fault) return [words, el("p", { class: "fault" }, read.fault)];
  const found = read?.value ?? value;
  if (found === null || found === undefined || typeof found === "string") return [words];
  const shown = typeof found === "number" ? number(found, 4) : found ? "yes" : "no";
  const bare = (text ?? "").trim().replace(/\.$/, "").toLowerCase();
  const same = typeof found === "number" ? bare !== "" && Number(bare) === found : bare === shown || bare === String(found);
  return [same ? null : words, el("p", { class: "value-line" }, same ? null : "Reads as ", el("strong", {}, shown), ` ${read?.unit ?? ""}`)];
}

function bands() {
  return el("p", { class: "bands quiet" }, "How sure: ", legend().map(({ colour, name }) => {
    const mark = el("span", { class: "band" });
    mark.style.setProperty("--unit", colour);
    return el("span", {}, mark, name, " ");
  }));
}
