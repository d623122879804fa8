// The tasks as cards, those first and foremost that what was put in can be given to.
import { catalogue, modalityNamed } from "./catalogue.js";
import { button, el, field, words } from "./elements.js";
import { drawn, onInputs } from "./inputs.js";

const AT_FIRST = matchMedia("(max-width: 560px)").matches ? 4 : 9;
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

// 2: what was put in is just what the task shows; 0: nothing is there yet; -1: something else is.
function fit(task) {
  const wanted = entityNeeds(task);
  const left = [...drawn()];
  if (!left.length) return wanted.length ? 0 : 2;
  for (const need of wanted) {
    const index = left.findIndex((one) => one.kind === need.kind && (one.has_structure || !modalityNamed(need.modality)?.needs_structure));
    if (index < 0) return -1;
    left.splice(index, 1);
  }
  return left.length ? -1 : 2;
}

function found(task, text) {
  const said = `${task.id} ${task.title} ${task.output ?? "text"} ${task.prompt ?? ""}`.toLowerCase().replaceAll("_", " ");
  return text.toLowerCase().split(/\s+/).every((word) => said.includes(word));
}

function show() {
  const text = parts.search.value.trim();
  const given = drawn().length > 0;
  // What runs with one click comes first, and of that what makes an entity.
  const rank = (task) => 2 * (task.needs ?? []).filter((need) => !need.kind).length - Boolean(task.output);
  const made = [...catalogue.tasks].sort((a, b) => rank(a) - rank(b));
  const fitting = made.filter((task) => found(task, text) && (fit(task) > 0 || (!given && text)));
  const shown = every || text ? fitting : fitting.slice(0, AT_FIRST);
  parts.list.replaceChildren(...shown.map(card));
  const about = given ? `for ${[...new Set(drawn().map((one) => one.kind))].join(" and ")}` : "that need no input";
  parts.count.textContent = fitting.length ? `${shown.length} of ${fitting.length} tasks ${text ? "found" : about}` : `No task ${text ? "found" : about}.`;
  parts.more.hidden = Boolean(text) || fitting.length <= AT_FIRST;
  parts.more.textContent = every ? "Show fewer" : "Show all";
}

function entityNeeds(task) {
  return (task.needs ?? []).filter((need) => need.kind);
}

function card(task) {
  const texts = (task.needs ?? []).filter((need) => !need.kind);
  const fits = fit(task) > 0;
  const goal = task.output ? words(task.output) : task.unit ? `Text, ${task.unit}` : "Text";
  const controls = texts.map((need) => [need.name, el("input", {})]);
  const given = () => Object.fromEntries(controls.map(([name, control]) => [name, control.value.trim()]));
  const go = button("Run", () => run(task, controls.length ? given() : null), { disabled: !fits, "aria-label": `Run: ${task.title}` });
  const wanted = entityNeeds(task).map((need) => need.kind).join(" and ");
  return el("li", { class: "task" },
    el("div", { class: "task-head" }, el("strong", {}, task.title ?? words(task.id)), el("span", { class: task.output ? "tag entity" : "tag" }, goal)),
    task.prompt ? el("p", { class: "quiet" }, task.prompt.length > 140 ? `${task.prompt.slice(0, 139)}…` : task.prompt) : null,
    fits ? null : el("p", { class: "quiet" }, `needs ${wanted}`),
    controls.map(([name, control]) => field(words(name), control)), go);
}
