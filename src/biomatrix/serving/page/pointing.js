// One atom or residue that is pointed at, told to everything on a card that shows it.
export class Pointing {
  #listeners = new Set();
  #unit = null;

  listen(listener) {
    this.#listeners.add(listener);
  }

  at(unit, source) {
    const settledUnit = Number.isInteger(unit) ? unit : null;
    if (settledUnit === this.#unit) return;
    this.#unit = settledUnit;
    for (const listener of this.#listeners) listener(settledUnit, source);
  }
}
