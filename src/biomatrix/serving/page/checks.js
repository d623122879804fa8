// The checks of an answer as a table: value with its unit, threshold, and whether it passed.
import { el, number } from "./elements.js";
import { unitsNamed } from "./unit-colours.js";

const SAID = { true: ["passed", "✓ passed"], false: ["failed", "✗ failed"], null: ["open", "– not run"] };

// Pointing at a row lights the first atom or residue that it names.
export function checksTable(checks, pointing = null) {
  const rows = [...checks].sort((a, b) => rank(a) - rank(b)).map((check) => {
    const [name, text] = SAID[String(check.passed ?? null)];
    const value = check.value === null || check.value === undefined ? "" : `${number(check.value)} ${check.unit ?? ""}`.trim();
    const [unit] = unitsNamed(check);
    const light = pointing && unit !== undefined ? { onpointerenter: () => pointing.at(unit, null), onpointerleave: () => pointing.at(null, null) } : {};
    return el("tr", { class: name, ...light }, el("th", { scope: "row" }, check.name), el("td", {}, text), el("td", { class: "value" }, value),
      el("td", {}, thresholdOf(check)), el("td", { class: "quiet" }, check.detail ?? ""));
  });
  const heads = ["Check", "Result", "Value", "Threshold", "Detail"].map((text) => el("th", { scope: "col" }, text));
  return el("div", { class: "table" }, el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows)));
}

function rank(check) {
  return check.passed === false ? 0 : check.passed === true ? 1 : 2;
}

function thresholdOf(check) {
  const { threshold } = check;
  if (threshold === null || threshold === undefined) return "";
  return typeof threshold === "number" ? `${number(threshold)} ${check.unit ?? ""}`.trim() : String(threshold);
}

export function countsOf(checks) {
  const ran = checks.filter((check) => check.passed === true || check.passed === false);
  return { passed: ran.filter((check) => check.passed).length, ran: ran.length };
}
