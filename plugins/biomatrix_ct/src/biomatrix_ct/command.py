"""``python -m biomatrix_ct``: restore a scan, or train a network on scans of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from biomatrix.cli.console import progress_line, refusals_in_json
from biomatrix.cli.endings import refuse_unset_values, run_to_the_end, without_debug
from biomatrix.entities.files.stopping import end_on_signals
from biomatrix.entities.files.writing import check_writable, write_whole
from biomatrix.errors import ConfigurationError
from biomatrix.processors import wait_asleep
from biomatrix_ct.files import check_writable_format, read_image, write_image
from biomatrix_ct.image import Image
from biomatrix_ct.montage import WINDOWS, montage
from biomatrix_ct.restoration import NOTICE, Restored

if TYPE_CHECKING:
    from biomatrix_ct.patches import PatchSource

app = typer.Typer(
    name="biomatrix_ct",
    help=f"Reduce the noise of CT images. {NOTICE}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Slope = Annotated[float | None, typer.Option(help="HU per stored number, where the file does not say it.")]
Intercept = Annotated[float | None, typer.Option(help="HU that a stored 0 stands for, where the file does not say it.")]
Pixel = Annotated[float | None, typer.Option(help="Millimetres between pixels, where the file does not say it.")]


@app.command(
    "restore",
    epilog="Example: python -m biomatrix_ct restore scan.dcm -o restored.nii.gz --montage look.png --json",
)
@refusals_in_json
def restore_command(
    scan: Annotated[Path, typer.Argument(help="A .dcm, .nii, .nii.gz or 16-bit .png file, or a folder of .dcm.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The restored image: .nii, .nii.gz, or .png.")],
    residual: Annotated[Path | None, typer.Option(help="File for input minus restored, in HU: .nii, .nii.gz.")] = None,
    montage_file: Annotated[
        Path | None, typer.Option("--montage", help="PNG with the middle slice of input, restored and residual.")
    ] = None,
    window: Annotated[str, typer.Option(help=f"The grey levels of the montage: {', '.join(WINDOWS)}.")] = "body",
    weights: Annotated[str, typer.Option(help="A folder of weights, or the name of shipped ones.")] = "phantoms",
    slope: Slope = None,
    intercept: Intercept = None,
    pixel: Pixel = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
) -> None:
    """Reduce the noise of one image; its values stay Hounsfield units, and what was taken away is told."""
    from biomatrix_ct.restoration import restore
    from biomatrix_ct.weights import load_network

    if window not in WINDOWS:
        raise ConfigurationError(f"no window {window!r}; there are {', '.join(WINDOWS)}")
    for path in (output, residual):
        if path is not None:
            check_writable_format(path)
    for path in (output, residual, montage_file):
        if path is not None:
            check_writable(path)
    image = read_image(scan, slope=slope, intercept=intercept, pixel=pixel)
    restored = restore(image, load_network(weights))
    write_image(restored.image, output)
    if residual is not None:
        name = f"residual of {image.name}"
        write_image(Image(restored.residual, image.spacing, name, affine=image.affine), residual)
    if montage_file is not None:
        write_whole(montage_file, montage(image, restored, WINDOWS[window]))
    account = _account(image, restored, output)
    typer.echo(json.dumps(account, indent=2, ensure_ascii=False) if as_json else _lines(account))


@app.command("train", epilog="Example: python -m biomatrix_ct train scans/*.nii.gz -o weights --steps 600")
def train_command(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the weights.")],
    scans: Annotated[list[Path] | None, typer.Argument(help="Scans of several slices, noisy as they are.")] = None,
    phantoms: Annotated[int, typer.Option(help="In place of scans: so many pairs of made-up bodies.")] = 0,
    start: Annotated[str, typer.Option(help="Weights to begin from, or 'none'.")] = "phantoms",
    steps: Annotated[int, typer.Option(help="Updates; a thousand take some minutes of one core.")] = 900,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn at random.")] = 0,
) -> None:
    """Train a network on neighbouring slices of noisy scans, or on made-up anatomy; no clean image is needed."""
    from biomatrix_ct.patches import NeighbouringSlices, phantom_source
    from biomatrix_ct.training import TrainingSettings, train
    from biomatrix_ct.weights import load_network, save_network

    if bool(scans) == bool(phantoms):
        raise ConfigurationError("give scans to train on, or --phantoms with a number, not both")
    source: PatchSource
    if scans:
        source = NeighbouringSlices([read_image(path) for path in scans])
        data = {"training_data": f"neighbouring slices of {len(scans)} scans", "licence": "that of the scans"}
    else:
        source = phantom_source(phantoms)
        data = {"training_data": f"{2 * phantoms} made-up bodies", "licence": "Apache-2.0"}
    network = None if start == "none" else load_network(start)
    with progress_line() as say:

        def told(step: int, loss: float) -> None:
            if step % 50 == 0:
                say(f"step {step} of {steps}: loss {loss:.3f}")

        trained = train(source, TrainingSettings(steps=steps, seed=seed), network, told)
    save_network(trained, output, {**data, "start": start, "steps": steps, "seed": seed})


def _account(given: Image, restored: Restored, output: Path) -> dict[str, Any]:
    """Return what was done, as JSON."""
    taken = restored.residual.astype(np.float64)
    return {
        "output": str(output),
        "shape": list(given.values.shape),
        "spacing_mm": list(given.spacing),
        "notes": list(restored.image.notes),
        "noise_in_water_hu": round(restored.level.in_water, 2),
        "strength": round(restored.strength, 3),
        "residual_rms_hu": round(float(np.sqrt(np.mean(taken**2))), 3),
        "largest_change_hu": round(float(np.abs(taken).max()), 3),
        "checks": [
            {
                "name": one.name,
                "passed": one.passed,
                "value": one.value,
                "unit": one.unit,
                "threshold": one.threshold,
                "detail": one.detail,
            }
            for one in restored.checks
        ],
        "notice": NOTICE,
    }


def _lines(account: dict[str, Any]) -> str:
    said = {True: "passed", False: "FAILED", None: "not run"}
    checks = [
        f"  {one['name']}: {said[one['passed']]}"
        + (f" ({one['value']:.3g} {one['unit']}, at most {one['threshold']:g})" if one["value"] is not None else "")
        + (f": {one['detail']}" if one["detail"] else "")
        for one in account["checks"]
    ]
    return "\n".join(
        [
            f"{account['output']}: noise in water {account['noise_in_water_hu']:g} HU, "
            f"{account['strength']:.0%} of the answer taken, residual {account['residual_rms_hu']:g} HU",
            *checks,
            account["notice"],
        ]
    )


def _run(arguments: list[str]) -> None:
    refuse_unset_values(arguments)
    app(arguments, prog_name="python -m biomatrix_ct")


def main() -> None:
    """Run the command line; an error is one line on standard error, without a traceback."""
    wait_asleep()
    end_on_signals()
    arguments, debug = without_debug(sys.argv[1:])
    run_to_the_end(lambda: _run(arguments), debug)
