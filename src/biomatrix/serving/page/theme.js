// The colours: as the system, light or dark, kept in this browser.
const NAMES = { auto: "as the system", light: "light", dark: "dark" };
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };
const ORDER = ["auto", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

function chosen() {
  return document.documentElement.dataset.theme ?? "auto";
}

export function isDark() {
  return chosen() === "auto" ? system.matches : chosen() === "dark";
}

export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  for (const listener of listeners) listener();
}

export function startTheme(button) {
  const show = () => {
    button.textContent = SIGNS[chosen()];
    button.setAttribute("aria-label", `Colours: ${NAMES[chosen()]}; change`);
    button.title = `Colours: ${NAMES[chosen()]}`;
  };
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem("biomatrix.theme", next); } catch { /* only this visit then */ }
    show();
    tell();
  });
  system.addEventListener("change", tell);
  show();
}
