// Runs before the first paint, so that a chosen theme does not flash in the other one.
{
  let chosen = null;
  try { chosen = localStorage.getItem("biomatrix.theme"); } catch { /* storage may be off */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
