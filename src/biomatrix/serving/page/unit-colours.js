// Colours of atoms and residues by what is known of them.
const BANDS = [[0.9, 0x0053d6, "very sure"], [0.7, 0x4aa3df, "sure"], [0.4, 0xf2c230, "unsure"], [0, 0xe8743b, "very unsure"]];
export const GOOD = 0x2e8b57, BAD = 0xd1383d, OPEN = 0x9aa3ab, GREY = 0xb4bac0;

// The mean probability of the tokens that write each unit; a list with holes where none does.
export function unitProbabilities(tokens) {
  const sums = [];
  for (const token of tokens) {
    if (!Number.isInteger(token.unit) || !Number.isFinite(token.logprob)) continue;
    const [total, count] = sums[token.unit] ?? [0, 0];
    sums[token.unit] = [total + token.logprob, count + 1];
  }
  return sums.map((one) => one && Math.exp(one[0] / one[1]));
}

export function bandOf(probability) {
  return probability === undefined ? null : BANDS.find(([least]) => probability >= least);
}

export function css(colour) {
  return `#${colour.toString(16).padStart(6, "0")}`;
}

export function legend() {
  return BANDS.map(([least, colour, name]) => ({ least, colour: css(colour), name }));
}

// The units that the detail of a check names; details count from 1.
export function unitsNamed(check) {
  const said = /\b(?:atoms?|residues?) (\d+(?:(?:, | and )\d+)*)/.exec(check.detail ?? "");
  return [...(said?.[1].matchAll(/\d+/g) ?? [])].map((found) => Number(found[0]) - 1);
}

// What the checks say of each unit. Failed checks name the first places at fault, so the others are not called good.
export function checkColour(checks) {
  const failed = checks.filter((check) => check.passed === false);
  const named = new Set(failed.flatMap(unitsNamed));
  if (named.size) return (unit) => (named.has(unit) ? BAD : OPEN);
  if (failed.length) return () => BAD;
  return () => (checks.some((check) => check.passed) ? GOOD : OPEN);
}
