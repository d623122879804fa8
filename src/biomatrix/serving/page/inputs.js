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
