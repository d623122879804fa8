// The tasks as cards, those first and foremost that what was put in can be given to.
import { catalogue, modalityNamed } from "./catalogue.js";
import { button, el, field, words } from "./elements.js";
import { chosen, drawn, nameOf, onInputs } from "./inputs.js";

const AT_FIRST = matchMedia("(max-width: 560px)").matches ? 4 : 9;
const parts = {};
let every = false;
let run = null;

export function startTasks(root, onrun) {
  run = onrun;
  parts.search = el("input", { type: "search", placeholder: "Find one: solubility, fold, 3D", oninput: show });
  parts.list = el("ul", { class: "tasks" });
  parts.measured = el("ul", { class: "tasks" });
  parts.benchmarks = el("details", { class: "sub", hidden: true }, parts.benchmarksNamed = el("summary", {}), parts.measured);
  parts.count = el("p", { class: "quiet", role: "status" });
  parts.more = button("Show all", () => { every = !every; show(); }, { class: "plain" });
  root.replaceChildren(field("By a task", parts.search), parts.list, el("div", { class: "row" }, parts.count, parts.more), parts.benchmarks);
  onInputs(show);
  show();
}

// What the task is given: all that was put in, or the chosen one alone, where that is just what it shows; else null.
function taken(task) {
  const told = chosen();
  return [drawn(), told ? [told] : []].find((given) => shows(task, given)) ?? null;
}

function shows(task, given) {
  const left = [...given];
  for (const need of entityNeeds(task)) {
    const index = left.findIndex((one) => one.kind === need.kind && (one.has_structure || !modalityNamed(need.modality)?.needs_structure));
    if (index < 0) return false;
    left.splice(index, 1);
  }
  return left.length === 0;
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
  const fits = made.filter((task) => found(task, text) && (taken(task) || (!given && text)));
  const fitting = fits.filter((task) => !task.is_benchmark);
  const measured = fits.filter((task) => task.is_benchmark); // as a benchmark asks, under its own names
  const shown = every || text ? fitting : fitting.slice(0, AT_FIRST);
  parts.list.replaceChildren(...shown.map(card));
  const which = given ? about() : "that need no input";
  parts.count.textContent = fitting.length ? `${shown.length} of ${fitting.length} tasks ${text ? "found" : which}` : `No task ${text ? "found" : which}.`;
  parts.more.hidden = Boolean(text) || fitting.length <= AT_FIRST;
  parts.more.textContent = every ? "Show fewer" : "Show all";
  parts.benchmarks.hidden = measured.length === 0;
  parts.benchmarksNamed.textContent = `${measured.length} ${measured.length === 1 ? "task" : "tasks"} of benchmarks ${text ? "found" : which}`;
  parts.measured.replaceChildren(...measured.map(card));
}

function about() {
  return drawn().length > 1 ? `for all inputs, or ${nameOf(chosen())} alone` : `for ${chosen().kind}`;
}

function entityNeeds(task) {
  return (task.needs ?? []).filter((need) => need.kind);
}

function card(task) {
  const texts = (task.needs ?? []).filter((need) => !need.kind);
  const entities = taken(task);
  const fits = entities !== null;
  const goal = task.output ? words(task.output) : task.unit ? `Text, ${task.unit}` : "Text";
  const controls = texts.map((need) => [need.name, el("input", {})]);
  const given = () => Object.fromEntries(controls.map(([name, control]) => [name, control.value.trim()]));
  const go = button("Run", () => run(task, controls.length ? given() : null, entities.map((one) => one.entity)), { disabled: !fits, "aria-label": `Run: ${task.title}` });
  const wanted = entityNeeds(task).map((need) => need.kind).join(" and ");
  return el("li", { class: "task" },
    el("div", { class: "task-head" }, el("strong", {}, task.title ?? words(task.id)), el("span", { class: task.output ? "tag entity" : "tag" }, goal)),
    task.prompt ? el("p", { class: "quiet" }, task.prompt.length > 140 ? `${task.prompt.slice(0, 139)}…` : task.prompt) : null,
    fits && entities.length < drawn().length ? el("p", { class: "quiet" }, `of ${nameOf(entities[0])}`) : null,
    fits ? null : el("p", { class: "quiet" }, `needs ${wanted}`),
    controls.map(([name, control]) => field(words(name), control)), go);
}
