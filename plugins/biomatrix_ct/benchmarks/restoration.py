"""How well CT noise is removed: networks by what they learned from, beside filters, on slices no network has seen.

The slices (18 train, 4 valid, 6 test) are of routine dose; noise of few photons is added to them. Settings of filters
are chosen on two valid slices, one of each region, for each dose. All networks are alike but for their targets, and
are applied as the package applies them: noise estimated from the image, one network for every dose.

    python plugins/biomatrix_ct/benchmarks/restoration.py --slices ct_slices --work networks
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix_ct.files import read_image
from biomatrix_ct.image import Image
from biomatrix_ct.metrics import normalised_squared_error, peak_signal_to_noise, structural_similarity
from biomatrix_ct.network import RestorationNetwork
from biomatrix_ct.noise import add_photon_noise, estimate_noise
from biomatrix_ct.patches import BlindSpots, CleanSlices, PatchSource, random_photons
from biomatrix_ct.residual_checks import check_residual
from biomatrix_ct.restoration import restore
from biomatrix_ct.training import TrainingSettings, train
from biomatrix_ct.weights import load_network, save_network

DOSES = (1e3, 3e3, 1e4, 1e5)
LOWEST = -1000.0
"""HU that the lowest level is taken for; the files do not say it."""
PEER_GRIDS: dict[str, tuple[float, ...]] = {
    "Gaussian": (0.4, 0.6, 0.8, 1.0),
    "median": (1, 3, 5),
    "total variation": (0.003, 0.006, 0.012, 0.025, 0.05),
    "non-local means": (0.6, 1.0, 1.6),
}
NETWORKS = ("supervised", "Noise2Noise", "one noisy copy")
SHIPPED = "shipped (phantoms)"
WITHIN_SUPERVISED, OVER_TOTAL_VARIATION = 0.5, 2.5

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Slice:
    """A reference slice, values from 0 to 1, and the HU of its window."""

    unit: Plane
    width: float
    region: str

    @property
    def window(self) -> tuple[float, float]:
        return LOWEST, LOWEST + self.width

    def image(self, unit: Plane | None = None) -> Image:
        return Image((self.unit if unit is None else unit) * self.width + LOWEST, (1.0, 1.0))


def load(folder: Path, split: str) -> list[Slice]:
    with (folder / "slices.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    slices = []
    for row in rows:
        width = float(row["levels"])
        values = read_image(folder / row["file"], intercept=LOWEST).values
        slices.append(Slice((values - LOWEST) / np.float32(width), width, row["region"]))
    return slices


def noisy_copies(slices: Sequence[Slice], photons: float) -> list[Plane]:
    return [
        add_photon_noise(one.unit, photons, np.random.default_rng([7, int(photons), number]))
        for number, one in enumerate(slices)
    ]


# Peers


def peer(name: str, strength: float) -> Callable[[Plane], Plane]:
    from scipy.ndimage import gaussian_filter, median_filter
    from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

    def non_local(noisy: Plane) -> Any:
        sigma = float(np.median(estimate_noise(noisy * 1000 + LOWEST).at(noisy * 1000 + LOWEST))) / 1000
        return denoise_nl_means(noisy, patch_size=5, patch_distance=6, h=strength * sigma, sigma=sigma, fast_mode=True)

    ways: dict[str, Callable[[Plane], Any]] = {
        "Gaussian": lambda noisy: gaussian_filter(noisy, strength),
        "median": lambda noisy: median_filter(noisy, int(strength)),
        "total variation": lambda noisy: denoise_tv_chambolle(noisy, weight=strength),
        "non-local means": non_local,
    }
    way = ways[name]
    return lambda noisy: np.asarray(way(noisy), dtype=np.float32)


def chosen_peer(name: str, slices: Sequence[Slice], photons: float) -> Callable[[Plane], Plane]:
    """Return a filter with the setting that does best on slices kept for choosing."""
    copies = noisy_copies(slices, photons)

    def mean(strength: float) -> float:
        way = peer(name, strength)
        return float(
            np.mean([peak_signal_to_noise(one.unit, way(noisy)) for one, noisy in zip(slices, copies, strict=True)])
        )

    best = max(PEER_GRIDS[name], key=mean)
    print(f"  {name} at {photons:g}: {best:g}", file=sys.stderr, flush=True)
    return peer(name, best)


# Networks


def source(name: str, slices: Sequence[Slice]) -> PatchSource:
    windows = [one.window for one in slices]
    if name == "one noisy copy":
        rng = np.random.default_rng(3)
        return BlindSpots([one.image(add_photon_noise(one.unit, random_photons(rng), rng)) for one in slices])
    return CleanSlices([one.image() for one in slices], windows, noisy_target=name == "Noise2Noise")


def network(name: str, slices: Sequence[Slice], work: Path, steps: int) -> RestorationNetwork:
    """Return a network trained on slices, or as a former run left it in the folder."""
    folder = work / f"{name.replace(' ', '-')}-{steps}"
    if not folder.is_dir():
        start = time.process_time()
        trained = train(source(name, slices), TrainingSettings(steps=steps))
        seconds = round(time.process_time() - start)
        save_network(trained, folder, {"training_data": name, "steps": steps, "seconds": seconds})
        print(f"  {name}: {steps} steps, {seconds} s", file=sys.stderr, flush=True)
    return load_network(folder)


def apply_network(net: RestorationNetwork, one: Slice, noisy: Plane) -> Plane:
    restored = restore(one.image(noisy), net).image.values
    return np.clip((restored - LOWEST) / np.float32(one.width), 0.0, 1.0)


# Table


def measure(slices: Sequence[Slice], photons: float, way: Callable[[Slice, Plane], Plane]) -> tuple[float, ...]:
    """Return mean PSNR, SSIM, NMSE, likeness of the residual to the image, and the least gain over the input."""
    rows = []
    for one, noisy in zip(slices, noisy_copies(slices, photons), strict=True):
        found = way(one, noisy)
        given, restored = one.image(noisy), one.image(found)
        checks = check_residual(restored.values, given.values - restored.values, estimate_noise(given.values))
        quality = peak_signal_to_noise(one.unit, found)
        rows.append(
            (
                quality,
                structural_similarity(one.unit, found),
                normalised_squared_error(one.unit, found),
                checks[0].value or 0.0,
                quality - peak_signal_to_noise(one.unit, noisy),
            )
        )
    table = np.array(rows)
    return (*table[:, :4].mean(axis=0), float(table[:, 4].min()))


def ways(arguments: argparse.Namespace, photons: float) -> dict[str, Callable[[Slice, Plane], Plane]]:
    """Return every method asked for, at a dose."""
    methods: dict[str, Callable[[Slice, Plane], Plane]] = {"noisy": lambda one, noisy: noisy}
    if "peers" in arguments.methods:
        valid = load(arguments.slices, "valid")
        kept = [next(one for one in valid if one.region == region) for region in ("chest", "abdomen_pelvis")]
        for name in PEER_GRIDS:
            way = chosen_peer(name, kept, photons)
            methods[name] = lambda one, noisy, way=way: way(noisy)  # type: ignore[misc]
    if "networks" in arguments.methods:
        train_slices = load(arguments.slices, "train")
        nets = {name: network(name, train_slices, arguments.work, arguments.steps) for name in NETWORKS}
        nets[SHIPPED] = load_network(arguments.shipped)
        for name, net in nets.items():
            methods[name] = lambda one, noisy, net=net: apply_network(net, one, noisy)  # type: ignore[misc]
    return methods


def verdicts(found: dict[tuple[str, float], tuple[float, ...]]) -> None:
    """Print the targets, and whether they are met, of what was measured."""
    quality = {key: value[0] for key, value in found.items()}
    for name in ("Noise2Noise", SHIPPED):
        if (name, 1e3) not in quality:
            continue
        twin = quality["supervised", 1e3] - quality[name, 1e3]
        print(f"{name}: {twin:.2f} dB below the supervised twin at 1e3 (target at most {WITHIN_SUPERVISED})")
        if ("total variation", 1e3) in quality:
            over = quality[name, 1e3] - quality["total variation", 1e3]
            print(f"{name}: {over:.2f} dB over total variation at 1e3 (target {OVER_TOTAL_VARIATION})")
        worst = min(value[4] for (method, _), value in found.items() if method == name)
        print(f"{name}: worst slice at any dose {worst:+.2f} dB to its input (target above 0)")


def main() -> None:
    shared = os.environ.get("BIOMATRIX_SHARED", "../shared")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=Path, default=Path(shared) / "data/single_cell/ct_slices")
    parser.add_argument("--work", type=Path, default=Path("ct_networks"), help="where trained networks are kept")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--split", default="test", choices=("valid", "test"))
    parser.add_argument("--shipped", default="phantoms", help="the weights to measure beside those trained here")
    parser.add_argument("--methods", nargs="+", default=["peers", "networks"], choices=["peers", "networks"])
    parser.add_argument("--doses", nargs="+", type=float, default=list(DOSES), metavar="I0")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    slices = load(arguments.slices, arguments.split)
    found: dict[tuple[str, float], tuple[float, ...]] = {}
    for photons in arguments.doses:
        print(f"\nI0 = {photons:g}\n{'':22}  PSNR   SSIM     NMSE  likeness  least gain")
        for name, way in ways(arguments, photons).items():
            found[name, photons] = measure(slices, photons, way)
            psnr, ssim, nmse, likeness, gain = found[name, photons]
            print(f"{name:22} {psnr:5.2f}  {ssim:.4f}  {nmse:.5f}  {likeness:+.3f}    {gain:+.2f}", flush=True)
    print()
    verdicts(found)


if __name__ == "__main__":
    main()
