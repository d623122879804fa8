// Runs: a request, its progress, and a card for each sample.
import { answerCard } from "./answer-card.js";
import { LostError, ask, lineOf } from "./api.js";
import { copyAs } from "./copy-as.js";
import { button, copy, el, say, words } from "./elements.js";
import { remember } from "./history.js";
import { linkOf } from "./link.js";
import { stream } from "./stream.js";
import { catalogue, givenStructure } from "./catalogue.js";

const MOST_RUNS = 8;
let place = null;
let runs = [];

export function startAnswers(root) {
  place = root;
  root.replaceChildren(el("div", { class: "empty" },
    el("p", {}, "Put in a molecule or a protein, then ask or pick a task."),
    el("p", { class: "quiet" }, "Every answer comes with its checks, how sure the model was of each atom or residue, and files to take away.")));
}

export function run(request, { title = "" } = {}) {
  const entities = request.body.entities ?? (Array.isArray(request.body.prompt) ? request.body.prompt.filter((one) => typeof one === "object") : []);
  const one = new Run(request, entities, title);
  if (!runs.length) place.replaceChildren();
  runs.unshift(one);
  place.prepend(one.element);
  for (const old of runs.splice(MOST_RUNS)) old.remove();
  document.getElementById("answers-title").focus({ preventScroll: true });
  const narrow = matchMedia("(max-width: 1000px)").matches;
  one.element.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: narrow ? "start" : "nearest" });
  one.start();
}

function titleOf(request) {
  const task = /^\/v1\/tasks\/([^/]+)\/run$/.exec(request.path);
  if (task) return catalogue.tasks.find((one) => one.id === decodeURIComponent(task[1]))?.title ?? words(decodeURIComponent(task[1]));
  const { prompt } = request.body;
  return (Array.isArray(prompt) ? prompt : [prompt]).map((one) => (typeof one === "string" ? one : `[${one.type}]`)).join("");
}

class Run {
  constructor(request, entities, title) {
    this.request = request;
    this.native = entities.map((given) => ({ given, structure: givenStructure(given) })).find((one) => one.structure) ?? null;
    this.title = title || titleOf(request);
    this.cards = new Map();
    this.stopper = null;
    this.state = el("p", { class: "state", role: "status" });
    this.bar = el("progress", { "aria-label": "Progress", max: 1 });
    this.stop = button("Stop", () => this.stopper?.abort(), { class: "danger" });
    this.again = button("Run again", () => run(this.request, { title }), { hidden: true });
    this.another = button("Other seed", () => run({ ...request, body: { ...request.body, seed: (request.body.seed ?? 0) + (request.body.samples ?? 1) } }), { hidden: true, title: "The same request with another seed" });
    this.list = el("div", { class: "cards" });
    this.element = el("article", { class: "run", "aria-label": this.title },
      el("header", { class: "run-head" }, el("h3", {}, this.title), el("div", { class: "row" }, this.stop, this.again, this.another,
        button("Link", async (event) => copy(await linkOf(this.request), event.target), { class: "plain", title: "Copy a link that reproduces this request" }),
        ...copyAs(this.request),
        button("Remove", () => { runs = runs.filter((one) => one !== this); this.remove(); if (!runs.length) startAnswers(place); }, { class: "plain" }))),
      this.bar, this.state, this.list);
  }

  async start() {
    this.stopper = new AbortController();
    this.began = performance.now();
    this.tell("Waiting for the first token…");
    try {
      if (this.request.path === "/v1/generate") await this.streamed();
      else await this.whole();
      remember(this.request, this.title, [...this.cards.values()].map((card) => card.summary()));
    } catch (error) {
      this.failed(error);
    }
    this.bar.hidden = true;
    this.stop.hidden = true;
    this.again.hidden = false;
    this.another.hidden = false;
  }

  failed(error) {
    const stopped = error.name === "AbortError";
    for (const card of this.cards.values()) card.cut(stopped ? "Stopped." : "Cut off.");
    this.tell(stopped ? "Stopped." : error instanceof LostError ? `Connection lost: ${error.message}. Run it again: the same seed gives the same answers.` : lineOf(error), !stopped);
  }

  tell(text, isFault = false) {
    this.state.textContent = text;
    this.state.classList.toggle("fault", isFault);
  }

  card(sample) {
    if (!this.cards.has(sample)) {
      const card = answerCard(sample, this);
      this.cards.set(sample, card);
      const after = [...this.cards.keys()].filter((one) => one > sample).sort((a, b) => a - b)[0];
      this.list.insertBefore(card.element, after === undefined ? null : this.cards.get(after).element);
    }
    return this.cards.get(sample);
  }

  async streamed() {
    const samples = this.request.body.samples ?? 1;
    let tokens = 0;
    const options = {
      signal: this.stopper.signal,
      onlost: (error, wait) => { this.tell(`Connection lost (${error.message}); trying again in ${wait} s…`, true); say("Connection lost, trying again."); },
      onback: () => this.tell("Connected again."),
    };
    for await (const { type, data } of stream("/v1/generate/stream", this.request.body, options)) {
      if (type === "again") { for (const card of this.cards.values()) card.restart(); tokens = 0; continue; }
      if (type === "error") throw Object.assign(new Error(data.error?.message ?? data.message), data.error);
      if (type === "end") { this.end(data); return; }
      const card = this.card(data.sample ?? 0);
      card.event(type, data);
      if (type === "token" || type === "text") tokens += 1;
      if (type === "finished") this.bar.value = [...this.cards.values()].filter((one) => one.done).length / samples;
      const seconds = (performance.now() - this.began) / 1000;
      this.tell(`${tokens} tokens, ${(tokens / seconds).toFixed(0)} a second`);
    }
  }

  async whole() {
    const clock = setInterval(() => this.tell(`Working, ${((performance.now() - this.began) / 1000).toFixed(0)} s`), 500);
    try {
      const told = await ask(this.request.path, this.request.body, { signal: this.stopper.signal });
      told.answers.forEach((answer, index) => this.card(answer.sample ?? index).finish({ ...answer, stated: told.values?.[index] }));
      this.end(told);
    } finally {
      clearInterval(clock);
    }
  }

  end({ model, seconds, asked }) {
    this.model = model ?? null;
    this.asked = asked ?? this.request.body;
    const took = seconds ?? (performance.now() - this.began) / 1000;
    const hash = model?.hash ? ` ${String(model.hash).slice(0, 12)}` : "";
    this.tell(`${this.cards.size} ${this.cards.size === 1 ? "answer" : "answers"} in ${took.toFixed(1)} s · ${model?.name ?? "model"}${hash} · seed ${this.request.body.seed ?? 0}`);
    say(`${this.cards.size} answers are there.`);
  }

  remove() {
    this.stopper?.abort();
    for (const card of this.cards.values()) card.dispose();
    this.element.remove();
  }
}
