// What was put in: one entity after another, each as a request gives it and as the server drew it.
const listeners = new Set();

export const inputs = { all: [], active: 0 };

export function onInputs(listener) {
  listeners.add(listener);
}

export function tellInputs() {
  for (const listener of listeners) listener();
}

// The entities that can be sent, in order; a box that is empty or wrong holds none.
export function sent() {
  return inputs.all.filter((one) => one.told).map((one) => one.told.entity);
}

export function drawn() {
  return inputs.all.filter((one) => one.told).map((one) => one.told);
}

// The one whose chip is pressed, where it could be read, else the first; undefined where there is none.
export function chosen() {
  return inputs.all[inputs.active]?.told ?? drawn()[0];
}

// How a request in words names it.
export function markOf(told) {
  const index = drawn().indexOf(told);
  return index > 0 ? `{input ${index + 1}}` : "{input}";
}

export function nameOf(told) {
  return told.name || (told.text.length > 40 ? `${told.text.slice(0, 39)}…` : told.text);
}

export function setInputs(all, active = 0) {
  inputs.all = all.length ? all : [blank()];
  inputs.active = Math.min(active, inputs.all.length - 1);
  tellInputs();
}

export function blank() {
  return { text: "", file: null, kind: "", chain: "", told: null, error: null };
}

// An input of an entity of a request: what is long, or has coordinates, is shown as a file.
export function inputOf(entity, way, content, label = "") {
  const long = content.length > 400 || content.trim().includes("\n");
  const file = long ? { name: label || `${entity.type}.${way}`, way, content } : null;
  return { ...blank(), text: long ? "" : content, file, kind: entity.type, way, chain: entity.chain ?? "" };
}
