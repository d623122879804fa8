"""3D structures in a page, drawn by the bundled 3Dmol.js with no network."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from biomatrix.entities.registration import ViewerStyle

STYLES: dict[ViewerStyle, dict[str, object]] = {
    "sticks": {"stick": {"radius": 0.14}, "sphere": {"scale": 0.22}},
    "spheres": {"sphere": {"scale": 0.4}},
    "backbone": {"cartoon": {"style": "trace", "thickness": 0.7}},
}


@dataclass(frozen=True)
class Model3D:
    """One structure to show: ``text`` in ``format`` (sdf, pdb, xyz), in ``style`` and, unless None, ``colour``."""

    text: str
    format: str
    style: ViewerStyle
    colour: str | None = None
    label: str = ""


def viewer_library() -> str:
    """Return the JavaScript of the bundled viewer."""
    return files("biomatrix.report").joinpath("assets/3Dmol-min.js").read_text(encoding="utf-8")


def has_viewers(body: str) -> bool:
    """Return whether a page shows a structure; the library of half a megabyte is for those that do."""
    return '<figure class="viewer">' in body


def embed_models(models: Sequence[Model3D], caption: str) -> str:
    """Return a ``<figure>`` that shows the models in one frame, to turn with the mouse."""
    payload = [{"text": model.text, "format": model.format, "style": _style(model)} for model in models]
    # "</" would close the script element early if it stood inside the data.
    data = json.dumps(payload).replace("</", "<\\/")
    legend = " ".join(
        f'<span class="key" style="--key:{html.escape(model.colour)}">{html.escape(model.label)}</span>'
        for model in models
        if model.colour and model.label
    )
    return (
        f'<figure class="viewer"><div class="canvas"></div>'
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{html.escape(caption)} {legend}</figcaption></figure>"
    )


def _style(model: Model3D) -> dict[str, object]:
    style = json.loads(json.dumps(STYLES[model.style]))
    if model.colour:
        for part in style.values():
            part["color"] = model.colour
    elif model.style == "backbone":
        for part in style.values():
            part["color"] = "spectrum"
    return dict(style)


START_VIEWERS = """
// A browser keeps only a few WebGL contexts alive and drops the oldest, so a structure is drawn while it is in view and
// leaves a still picture, and the memory of how it was turned, when it is scrolled away.
const running = new Map();
const views = new Map();
function start(figure) {
  if (running.has(figure)) return;
  const canvas = figure.querySelector('.canvas');
  canvas.replaceChildren();
  try {
    const viewer = $3Dmol.createViewer(canvas, {backgroundAlpha: 0});
    JSON.parse(figure.querySelector('script').textContent).forEach((item, index) => {
      viewer.addModel(item.text, item.format, {keepH: true});
      viewer.setStyle({model: index}, item.style);
    });
    if (views.has(figure)) viewer.setView(views.get(figure)); else viewer.zoomTo();
    viewer.render();
    running.set(figure, viewer);
  } catch (error) {
    canvas.textContent = 'This browser shows no WebGL; the files beside this page hold the structures.';
  }
}
function stop(figure) {
  const viewer = running.get(figure);
  if (!viewer) return;
  views.set(figure, viewer.getView());
  const still = new Image();
  still.src = viewer.pngURI();
  const canvas = figure.querySelector('.canvas');
  const drawn = canvas.querySelector('canvas');
  const context = drawn && (drawn.getContext('webgl2') || drawn.getContext('webgl'));
  const release = context && context.getExtension('WEBGL_lose_context');
  if (release) release.loseContext();
  running.delete(figure);
  canvas.replaceChildren(still);
}
const watch = new IntersectionObserver((entries) => entries.forEach((entry) => {
  if (entry.isIntersecting) start(entry.target); else stop(entry.target);
}), {rootMargin: '100px'});
document.querySelectorAll('figure.viewer').forEach((figure) => watch.observe(figure));
"""
