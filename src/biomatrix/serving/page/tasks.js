// The tasks as cards, those first and foremost that what was put in can be given to.
import { catalogue, kindOfModality, modalityNamed } from "./catalogue.js";
import { button, el, field, words } from "./elements.js";
import { drawn, onInputs } from "./inputs.js";

const AT_FIRST = 9;
const parts = {};
let every = false;
let run = null;

export function startTasks(root, onrun) {
  run = onrun;
  parts.search = el("input", { type: "search", placeholder: "Find one: solubility, fold, 3D", oninput: show });
  parts.list = el("ul", { class: "tasks" });
  parts.count = el("p", { class: "quiet", role: "status" });
  parts.more = button("Show all", () => { every = !every; show(); }, { class: "plain" });
  root.replaceChildren(field("By a task", parts.search), parts.list, el("div", { class: "row" }, parts.count, parts.more));
  onInputs(show);
  show();
}

// The kinds of what was put in, one entry each, that a task takes; null where they do not fit.
function fit(task) {
  const given = drawn().map((one) => one.kind);
  const wanted = task.kinds ?? [];
  if (!given.length) return wanted.length ? 0 : 2;
  if (!wanted.length) return -1;
  return wanted.every((kind) => given.includes(kind)) && given.every((kind) => wanted.includes(kind)) ? 2 : -1;
}

function found(task, text) {
  const said = `${task.id} ${task.title} ${task.output ?? "text"} ${task.summary ?? ""}`.toLowerCase().replaceAll("_", " ");
  return text.toLowerCase().split(/\s+/).every((word) => said.includes(word));
}

function show() {
  const text = parts.search.value.trim();
  const given = drawn().length > 0;
  const made = [...catalogue.tasks].sort((a, b) => Boolean(b.output) - Boolean(a.output));
  const fitting = made.filter((task) => found(task, text) && (fit(task) > 0 || (!given && text)));
  const shown = every || text ? fitting : fitting.slice(0, AT_FIRST);
  parts.list.replaceChildren(...shown.map(card));
  const about = given ? `for ${[...new Set(drawn().map((one) => one.kind))].join(" and ")}` : "that need no input";
  parts.count.textContent = fitting.length ? `${shown.length} of ${fitting.length} tasks ${text ? "found" : about}` : `No task ${text ? "found" : about}.`;
  parts.more.hidden = Boolean(text) || fitting.length <= AT_FIRST;
  parts.more.textContent = every ? "Show fewer" : "Show all";
}

// What a task needs besides entities is text.
function textNeeds(task) {
  const isEntity = (need) => {
    const name = need.split(".").at(-1).replace(/_\d+$/, "");
    return catalogue.kinds.some((kind) => kind.name === name) || modalityNamed(name) !== null;
  };
  return (task.needs ?? []).filter((need) => !isEntity(need));
}

function card(task) {
  const needs = textNeeds(task);
  const fits = fit(task) > 0;
  const outputKind = kindOfModality(task.output);
  const goal = task.output ? words(task.output) : "Text";
  const text = needs.length ? el("input", { placeholder: words(needs.join(", ")), class: "grow" }) : null;
  const go = button("Run", () => run(task, text?.value.trim()), { disabled: !fits, "aria-label": `Run: ${task.title}` });
  const wanted = (task.kinds ?? []).join(" and ");
  return el("li", { class: "task" },
    el("div", { class: "task-head" }, el("strong", {}, task.title ?? words(task.id)), el("span", { class: outputKind ? "tag entity" : "tag" }, goal)),
    typeof task.example === "string" ? el("p", { class: "quiet" }, task.example) : null,
    fits ? null : el("p", { class: "quiet" }, `needs ${wanted}`),
    text ? field(words(needs.join(", ")), text) : null, go);
}
