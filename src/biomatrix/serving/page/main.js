// The page: its parts started in order, and what connects them.
import { run, startAnswers } from "./answers.js";
import { key, lineOf, setKey } from "./api.js";
import { fill, startAsk } from "./ask.js";
import { catalogue, loadCatalogue, wayOf } from "./catalogue.js";
import { button, el, field } from "./elements.js";
import { closeExplorer, startExplorer } from "./explorer.js";
import { startHistory } from "./history.js";
import { redrawAll, startInput } from "./input.js";
import { inputOf, setInputs } from "./inputs.js";
import { linked } from "./link.js";
import { startTheme } from "./theme.js";

const at = (id) => document.getElementById(id);
let started = false;

function notice(...content) {
  at("notice").hidden = !content.length;
  at("notice").replaceChildren(...content);
}

function showPart(name) {
  for (const [part, opener] of [["answers-part", "show-ask"], ["explorer-part", "show-explorer"]]) {
    at(part).hidden = part !== name;
    at(opener).setAttribute("aria-pressed", String(part === name));
  }
  if (name !== "explorer-part") closeExplorer();
}

// Fill the page with a request; it runs only when the person says so.
async function open(request) {
  showPart("answers-part");
  const { body } = request;
  const entities = (body.entities ?? (Array.isArray(body.prompt) ? body.prompt : [])).filter((one) => one && typeof one === "object");
  setInputs(entities.map((given) => { const { way, content } = wayOf(given); return inputOf(given, way, content); }));
  fill(request);
  const go = button("Run it", () => { notice(); run(request); }, { class: "primary" });
  notice(el("span", {}, "A request is ready: its inputs, words and settings are filled in."), go, button("Not now", () => notice(), { class: "plain" }));
  go.focus();
  await redrawAll();
}

async function openLink() {
  try {
    const request = await linked();
    if (request) await open(request);
  } catch (error) {
    notice(el("span", {}, error.message), button("Close", () => notice(), { class: "plain" }));
  }
}

function askKey() {
  const dialog = at("key-dialog");
  if (dialog.open) return;
  const value = el("input", { type: "password", autocomplete: "off", value: key() });
  const done = () => { setKey(value.value.trim()); dialog.close(); started ? notice() : start(); };
  dialog.replaceChildren(el("form", { method: "dialog", onsubmit: done },
    el("h2", { id: "key-title" }, "This server asks for a key"), field("API key", value, "Kept until this tab is closed."),
    el("div", { class: "row" }, el("button", { type: "submit", class: "primary" }, "Use it"), button("Cancel", () => dialog.close(), { class: "plain" }))));
  at("key").hidden = false;
  dialog.showModal();
}

async function start() {
  try {
    await loadCatalogue();
  } catch (error) {
    if (error.status === 503) {
      notice(el("span", {}, "The server is opening its model; the page goes on by itself."));
      setTimeout(start, (error.retryAfter ?? 1) * 1000);
      return;
    }
    notice(el("span", {}, `The server's catalogue cannot be read: ${lineOf(error)}`), button("Try again", start));
    return;
  }
  started = true;
  notice();
  at("model").textContent = catalogue.model;
  startInput(at("input"));
  startAsk(at("ask"), (request) => { showPart("answers-part"); run(request); });
  startExplorer(at("explorer"));
  startHistory(at("history"), at("show-history"), open);
  document.body.dataset.ready = "true";
  await openLink();
}

startTheme(at("theme"));
startAnswers(at("answers"));
at("show-ask").addEventListener("click", () => showPart("answers-part"));
at("show-explorer").addEventListener("click", () => { showPart("explorer-part"); at("explorer-title").focus(); });
at("key").addEventListener("click", askKey);
document.addEventListener("key-needed", askKey);
window.addEventListener("hashchange", openLink);
start();
