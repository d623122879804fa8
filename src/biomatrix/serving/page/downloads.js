// Files of an answer: every format that its kind can write it in, and the whole answer as JSON.
import { kindNamed } from "./catalogue.js";
import { button, el } from "./elements.js";

export function save(name, content, type = "text/plain") {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function extensionOf(kind, format) {
  return kindNamed(kind)?.formats.find((one) => one.name === format)?.extensions[0] ?? `.${format}`;
}

export function downloads(answer, run, sample) {
  const stem = `${run.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "answer"}-${sample + 1}`;
  const row = el("div", { class: "downloads", role: "group", "aria-label": "Download" }, el("span", { class: "quiet" }, "Download"));
  const told = answer.entity;
  for (const [format, content] of Object.entries(told?.formats ?? {})) {
    const extension = extensionOf(told.kind, format);
    row.append(button(extension, () => save(`${stem}${extension}`, content), { class: "chip", "aria-label": `Download as ${extension}` }));
  }
  const whole = () => JSON.stringify({ request: run.request, model: run.model ?? null, answer }, null, 2);
  row.append(button(".json", () => save(`${stem}.json`, whole(), "application/json"), { class: "chip", "aria-label": "Download everything as .json" }));
  return row;
}
