// A place for a structure in 3D: nothing is loaded, and no WebGL context taken, before it is opened.
import { button, choice, el } from "./elements.js";
import { COLOURINGS, Viewer } from "./viewer.js";

const MOST_OPEN = 6; // browsers give a page about sixteen WebGL contexts
const opened = [];

export function openViewers() {
  return opened.length;
}

// main and over: {format, style, content}; colourings: names of viewer.js that make sense here.
export function structureBox({ main, over = null, unit, pointing = null, colours = {}, open = true, caption = "", colouring = "plain" }) {
  let viewer = null;
  const stage = el("div", { class: "stage" });
  const foot = el("div", { class: "stage-foot" });
  const element = el("div", { class: "structure" }, stage, foot);
  const names = Object.keys(COLOURINGS).filter((name) => COLOURINGS[name].needs === null || colours[COLOURINGS[name].needs]);

  async function show() {
    while (opened.length >= MOST_OPEN) opened[0].close("Closed to free the graphics card.");
    opened.push(box);
    stage.replaceChildren(el("p", { class: "quiet" }, "Loading the viewer…"));
    try {
      const made = await Viewer.in(stage, { unit, pointing, colours });
      if (!opened.includes(box)) { // closed while it was being opened
        made.dispose();
        close();
        return;
      }
      viewer = made;
      await viewer.show(main, over, colouring);
      foot.replaceChildren(...controls());
    } catch (error) {
      close(`No 3D view: ${error.message}`);
    }
  }

  function controls() {
    const select = choice(names.map((name) => [name, COLOURINGS[name].title]), colouring, (name) => { colouring = name; viewer.colour(name); });
    select.setAttribute("aria-label", "Colour by");
    const found = [select, button("Centre", () => viewer.centre(), { class: "plain" })];
    if (over) {
      const both = el("input", { type: "checkbox", checked: true, onchange: () => viewer.showOver(both.checked) });
      found.push(el("label", { class: "inline" }, both, " input, in grey"));
    }
    found.push(button("Close", () => close(), { class: "plain", "aria-label": "Close the 3D view" }));
    if (caption) found.push(el("span", { class: "quiet" }, caption));
    return found;
  }

  function close(reason = "") {
    viewer?.dispose();
    viewer = null;
    const index = opened.indexOf(box);
    if (index >= 0) opened.splice(index, 1);
    stage.replaceChildren(button("Show in 3D", show), reason ? el("p", { class: "quiet" }, reason) : "");
    foot.replaceChildren();
  }

  const box = { element, close, dispose: () => close(), ready: null };
  close();
  if (open) box.ready = show();
  return box;
}
