// Mol* without its own controls: one structure, perhaps another behind it, coloured and pointed at unit by unit.
import { isDark, onTheme } from "./theme.js";
import { GREY, OPEN } from "./unit-colours.js";

const SOURCE = new URL("./vendor/molstar-5.6.1/molstar.js", import.meta.url);
const FORMATS = { cif: "mmcif", bcif: "mmcif" };
const OWN = "biomatrix-units";

export const COLOURINGS = {
  plain: { title: "Plain", needs: null },
  chain: { title: "Chain", needs: null },
  confidence: { title: "Confidence", needs: "confidence" },
  checks: { title: "Checks", needs: "checks" },
  error: { title: "Error", needs: "error" },
};

let loading = null;

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = SOURCE;
    script.onload = () => resolve(window.molstar.lib);
    script.onerror = () => { loading = null; reject(new Error("the viewer could not be loaded; reload the page")); };
    document.head.append(script);
  });
  return loading;
}

export class Viewer {
  #lib; #plugin; #unit; #pointing; #colours; #shown = null; #behind = null; #painted = 0; #unthemed; #colourOf = () => OPEN;

  // Make a viewer inside an element; unit says what tokens stand for, colours what is known of each unit.
  static async in(stage, { unit, pointing = null, colours = {} }) {
    const lib = await load();
    const viewer = new Viewer();
    viewer.#lib = lib;
    viewer.#unit = unit;
    viewer.#pointing = pointing;
    viewer.#colours = colours;
    await viewer.#open(stage);
    return viewer;
  }

  async #open(stage) {
    const { PluginContext, DefaultPluginSpec } = this.#lib.plugin;
    const spec = DefaultPluginSpec();
    this.#plugin = new PluginContext(spec);
    await this.#plugin.init();
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Structure in three dimensions; drag to turn, scroll to zoom");
    stage.replaceChildren(canvas);
    if (!(await this.#plugin.initViewerAsync(canvas, stage))) throw new Error("this browser gives no WebGL");
    this.#plugin.representation.structure.themes.colorThemeRegistry.add(this.#theme());
    this.#plugin.managers.interactivity.setProps({ granularity: this.#unit === "residue" ? "residue" : "element" });
    this.#background();
    this.#unthemed = onTheme(() => this.#background());
    if (this.#pointing) this.#listen(stage);
  }

  #background() {
    this.#plugin.canvas3d?.setProps({
      renderer: { backgroundColor: isDark() ? 0x14191f : 0xf7f9fa },
      camera: { helper: { axes: { name: "off", params: {} } } },
    });
  }

  // A theme is the same one for Mol* as long as its factory is; props that change make it colour anew.
  #theme() {
    const factory = (context, props) => ({
      factory, granularity: "group", props, description: "",
      color: (location) => this.#colourOf(this.#unitAt(location)) ?? OPEN,
    });
    const provider = { name: OWN, label: "Units", category: "Miscellaneous", factory };
    return { ...provider, getParams: () => ({}), defaultValues: {}, isApplicable: () => true };
  }

  // The index of the atom or residue at a place of Mol*, as tokens count them.
  #unitAt(location) {
    const unit = location.unit ?? location.aUnit;
    if (!unit) return null;
    const element = location.element ?? unit.elements[location.aIndex];
    if (this.#unit !== "residue") return unit.model.atomicHierarchy.atomSourceIndex.value(element);
    return unit.model.atomicHierarchy.residueAtomSegments.index[element];
  }

  async show(main, over, colouring) {
    if (over) this.#behind = await this.#add(over, true);
    this.#shown = await this.#add(main, false);
    await this.colour(colouring);
    this.centre();
  }

  async #add({ format, style, content }, behind) {
    const { data, structure } = this.#plugin.builders;
    const raw = await data.rawData({ data: content });
    const trajectory = await structure.parseTrajectory(raw, FORMATS[format] ?? format);
    const model = await structure.createModel(trajectory);
    const whole = await structure.createStructure(model);
    const component = await structure.tryCreateComponentStatic(whole, "all");
    const type = style === "backbone" ? "cartoon" : style === "spheres" ? "spacefill" : "ball-and-stick";
    const typeParams = { alpha: behind ? 0.55 : 1, ...(type === "ball-and-stick" && behind ? { sizeFactor: 0.1 } : {}) };
    const representation = await structure.representation.addRepresentation(component, {
      type, typeParams, color: "uniform", colorParams: { value: behind ? GREY : 0x0d7a70 },
    });
    return { whole, representation, style };
  }

  async colour(name) {
    const plain = this.#shown.style === "backbone"
      ? { name: "uniform", params: { value: 0x0d8f83 } }
      : { name: "element-symbol", params: { carbonColor: { name: "element-symbol", params: {} } } };
    const of = this.#colours[COLOURINGS[name].needs];
    if (of) this.#colourOf = of;
    const theme = of ? { name: OWN, params: { painted: (this.#painted += 1) } } : name === "chain" ? { name: "chain-id", params: {} } : plain;
    const update = this.#plugin.build().to(this.#shown.representation.ref);
    await update.update((old) => { old.colorTheme = theme; }).commit();
  }

  async showOver(visible) {
    if (!this.#behind) return;
    const update = this.#plugin.build().to(this.#behind.representation.ref);
    await update.update((old) => { old.type.params.alpha = visible ? 0.55 : 0; }).commit();
  }

  centre() {
    this.#plugin.managers.camera.reset(undefined, 0);
  }

  #listen(stage) {
    const { StructureElement } = this.#lib.structure;
    this.#plugin.behaviors.interaction.hover.subscribe(({ current }) => {
      const { loci } = current;
      const bond = loci.kind === "bond-loci" ? loci.bonds[0] : null;
      const location = bond ?? (loci.kind === "element-loci" ? StructureElement.Loci.getFirstLocation(loci) : null);
      if (location) this.#pointing.at(this.#unitAt(location), this);
      else if (stage.matches(":hover")) this.#pointing.at(null, this);
    });
    stage.addEventListener("pointerleave", () => this.#pointing.at(null, this));
    this.#pointing.listen((unit, source) => { if (source !== this) this.highlight(unit); });
  }

  // Light one unit of the shown structure, or none.
  highlight(unit) {
    const lights = this.#plugin?.managers.interactivity.lociHighlights;
    const structure = this.#shown?.whole.cell?.obj?.data;
    if (!lights || !structure) return;
    if (unit === null) { lights.clearHighlights(); return; }
    const { StructureElement } = this.#lib.structure;
    const elements = [];
    for (const part of structure.units) {
      const found = [];
      part.elements.forEach((element, index) => { if (this.#unitAt({ unit: part, element }) === unit) found.push(index); });
      if (found.length) elements.push({ unit: part, indices: Int32Array.from(found) });
    }
    lights.highlightOnly({ loci: StructureElement.Loci(structure, elements) });
  }

  dispose() {
    this.#unthemed?.();
    this.#plugin?.dispose(); // loses the WebGL context
    this.#plugin = null;
  }
}
