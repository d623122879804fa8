// What was asked in this browser: kept here only, bounded, and run again from its seed.
import { button, el } from "./elements.js";

const NAME = "biomatrix.history";
const MOST = 40;
const MOST_CHARACTERS = 1_500_000;

function kept() {
  try { return JSON.parse(localStorage.getItem(NAME) ?? "[]"); } catch { return []; }
}

function keep(entries) {
  let held = entries.slice(0, MOST);
  while (held.length && JSON.stringify(held).length > MOST_CHARACTERS) held = held.slice(0, -1);
  try { localStorage.setItem(NAME, JSON.stringify(held)); } catch { /* storage is off or full: nothing is kept */ }
}

export function remember(request, title, summaries) {
  const same = JSON.stringify(request);
  const others = kept().filter((one) => JSON.stringify(one.request) !== same);
  keep([{ at: new Date().toISOString(), title, summaries: summaries.slice(0, 4), request }, ...others]);
}

// open(request) fills the page with a request.
export function startHistory(dialog, opener, open) {
  opener.addEventListener("click", () => { show(dialog, open); dialog.showModal(); });
}

function show(dialog, open) {
  const entries = kept();
  const list = el("ul", { class: "history" }, entries.map((one, index) => el("li", {},
    el("div", { class: "grow" }, el("strong", {}, one.title), el("div", { class: "quiet" }, new Date(one.at).toLocaleString()),
      one.summaries.filter(Boolean).map((text) => el("div", { class: "mono" }, text))),
    button("Open", () => { dialog.close(); open(one.request); }, { "aria-label": `Open: ${one.title}` }),
    button("Forget", () => { keep(entries.filter((_, other) => other !== index)); show(dialog, open); }, { class: "plain", "aria-label": `Forget: ${one.title}` }))));
  dialog.replaceChildren(
    el("header", { class: "row" }, el("h2", { id: "history-title", class: "grow" }, "History"), button("Close", () => dialog.close())),
    el("p", { class: "quiet" }, "Kept in this browser alone. The same request with the same seed gives the same answers."),
    entries.length ? list : el("p", {}, "Nothing yet."),
    entries.length ? button("Forget all", () => { keep([]); show(dialog, open); }, { class: "danger" }) : "");
}
