// Asking: in one's own words, or by a task; both make a request and hand it on.
import { modalityChoices } from "./catalogue.js";
import { button, choice, el, field } from "./elements.js";
import { chosen, markOf, nameOf, onInputs, sent } from "./inputs.js";
import { constrainFor, constraintsNow, setSettings, settingsForm, settingsNow } from "./settings.js";
import { startTasks } from "./tasks.js";

const MARK = /\{input(?: (\d+))?\}/g;
const parts = {};
let hand = null;

// run(request) is called with {path, body}.
export function startAsk(root, run) {
  hand = run;
  parts.prompt = el("textarea", {
    rows: 2, placeholder: "Describe {input}.", spellcheck: "true", oninput: preview,
    onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); } },
  });
  parts.output = choice([["", "Text"], ...modalityChoices()], "", (name) => constrainFor(name));
  parts.preview = el("p", { class: "quiet sent" });
  parts.fault = el("p", { class: "fault", role: "alert" });
  parts.insert = button("Insert {input}", insert, { class: "plain" });
  const form = el("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); submit(); } },
    field("In your own words", parts.prompt), parts.preview, parts.fault,
    el("div", { class: "row" }, field("Answer as", parts.output),
      parts.insert,
      el("button", { type: "submit", class: "primary", title: "Ctrl+Enter" }, "Ask")));
  const tasks = el("div", { class: "by-task" });
  root.replaceChildren(el("div", { class: "by-words" }, form, settingsForm()), tasks);
  startTasks(tasks, runTask);
  onInputs(preview);
  preview();
}

function insert() {
  const { selectionStart: from, selectionEnd: to, value } = parts.prompt;
  parts.prompt.value = `${value.slice(0, from)}${markOf(chosen())}${value.slice(to)}`;
  parts.prompt.focus();
  preview();
}

// The prompt as the API takes it: text, and entities where their marks stand; without a mark the chosen one follows the text.
function promptNow() {
  const given = sent();
  let text = parts.prompt.value.trim();
  const mark = markOf(chosen());
  if (!text) text = given.length ? `Describe ${mark}.` : "";
  if (!text) throw new Error("Write what you want, or put in a molecule or a protein.");
  if (!text.match(MARK) && given.length) text = `${text} ${mark}`;
  const prompt = [];
  let from = 0;
  for (const found of text.matchAll(MARK)) {
    const index = Number(found[1] ?? 1) - 1;
    if (!given[index]) throw new Error(`${found[0]} stands for input ${index + 1}, which is not there yet.`);
    if (found.index > from) prompt.push(text.slice(from, found.index));
    prompt.push(given[index]);
    from = found.index + found[0].length;
  }
  if (from < text.length) prompt.push(text.slice(from));
  return prompt.length === 1 && typeof prompt[0] === "string" ? prompt[0] : prompt;
}

function preview() {
  parts.fault.textContent = "";
  const told = chosen();
  parts.preview.textContent = told ? `${markOf(told)} stands for ${nameOf(told)}` : "";
  parts.insert.textContent = `Insert ${markOf(told)}`;
  parts.prompt.placeholder = `Describe ${markOf(told)}.`;
}

function submit() {
  let request;
  try {
    request = { path: "/v1/generate", body: { prompt: promptNow(), output: parts.output.value || null, ...settingsNow() } };
  } catch (error) {
    parts.fault.textContent = error.message;
    return;
  }
  hand(request);
}

function runTask(task, text, entities) {
  constrainFor(task.output ?? "");
  let settings;
  try {
    settings = settingsNow();
    if (constraintsNow().length === 0) delete settings.constraints;
  } catch (error) {
    parts.fault.textContent = error.message;
    parts.fault.scrollIntoView({ block: "nearest" });
    return;
  }
  const body = { entities, ...settings };
  if (text !== null) body.text = text;
  hand({ path: `/v1/tasks/${encodeURIComponent(task.id)}/run`, body });
}

// Fill the form with a request, as from a link; its inputs are set by the caller.
export function fill(request) {
  const { body } = request;
  let index = 0;
  if (body.prompt !== undefined) {
    const prompt = Array.isArray(body.prompt) ? body.prompt : [body.prompt];
    const mark = () => { index += 1; return index === 1 ? "{input}" : `{input ${index}}`; };
    parts.prompt.value = prompt.map((one) => (typeof one === "string" ? one : mark())).join("");
    parts.output.value = typeof body.output === "string" ? body.output : "";
  }
  constrainFor(parts.output.value);
  setSettings(body);
  preview();
}
