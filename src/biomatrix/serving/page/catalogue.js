// What this server knows: kinds, modalities, tasks, its model. Everything the page says of kinds is read here.
import { ask } from "./api.js";
import { words } from "./elements.js";

export const catalogue = { kinds: [], tasks: [], model: "" };

export async function loadCatalogue() {
  const [kinds, tasks, models] = await Promise.all([
    ask("/v1/kinds"),
    ask("/v1/tasks"),
    ask("/v1/models").catch((error) => { if (error.status === 401) throw error; return { data: [] }; }),
  ]);
  catalogue.kinds = listOf(kinds, "kinds").map(settled);
  catalogue.tasks = listOf(tasks, "tasks");
  catalogue.model = models.data?.[0]?.id ?? "";
}

function listOf(told, name) {
  return Array.isArray(told) ? told : told[name] ?? told.data ?? [];
}

// A kind with every part in the long form, whichever form the server chose.
function settled(kind) {
  const named = (one) => (typeof one === "string" ? { name: one } : one);
  return {
    typed_as: kind.name, viewer: null, refused_extensions: {}, ...kind,
    typed_way: kind.ways?.find((one) => one.sort === "typed")?.name ?? kind.name,
    unit: kind.modalities?.map((one) => one.counts).find(Boolean) ?? "atom",
    formats: (kind.formats ?? []).map(named).map((one) => ({ extensions: [`.${one.name}`], writes: true, ...one })),
    modalities: (kind.modalities ?? []).map(named),
    constraints: (kind.constraints ?? []).map(named),
    examples: (kind.examples ?? []).map((one) => ({ entity: one.given, ...one })),
  };
}

export function kindNamed(name) {
  return catalogue.kinds.find((kind) => kind.name === name) ?? null;
}

export function kindOfModality(name) {
  return catalogue.kinds.find((kind) => kind.modalities.some((one) => one.name === name)) ?? null;
}

export function modalityNamed(name) {
  return catalogue.kinds.flatMap((kind) => kind.modalities).find((one) => one.name === name) ?? null;
}

export function modalityChoices() {
  const held = catalogue.kinds.flatMap((kind) => kind.modalities.filter((one) => one.in_model !== false));
  return held.map((one) => [one.name, words(one.name)]);
}

// The colours of a modality's tokens as custom properties; the style sheet picks one by theme.
export function paint(element, modality) {
  const colours = modalityNamed(modality)?.colours;
  if (!colours) return;
  const [light, dark] = Array.isArray(colours) ? colours : [colours.light, colours.dark];
  element.style.setProperty("--light", light);
  element.style.setProperty("--dark", dark);
}

// The format and text in which a viewer shows a told entity; null where there is nothing to show in 3D.
export function structureOf(told) {
  const viewer = kindNamed(told?.kind)?.viewer;
  if (!viewer || !told.has_structure) return null;
  const [format, style] = Array.isArray(viewer) ? viewer : [viewer.format, viewer.style];
  const content = told.formats?.[format];
  return content ? { format, style, content } : null;
}

// The way, and the text, in which an entity of a request is given.
export function wayOf(given) {
  const way = Object.keys(given).find((name) => !["type", "modality", "chain", "record", "name"].includes(name));
  return { way, content: way === undefined ? "" : given[way] };
}

// The structure in an entity of a request, as it was given; null where it holds none.
export function givenStructure(given) {
  const kind = kindNamed(given?.type);
  const { way, content } = wayOf(given ?? {});
  const format = kind?.formats.find((one) => one.name === way || one.extensions.includes(`.${way}`));
  if (!kind?.viewer || !format?.structure) return null;
  const style = Array.isArray(kind.viewer) ? kind.viewer[1] : kind.viewer.style;
  return { format: format.name, style, content };
}
