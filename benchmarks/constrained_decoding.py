"""Are constraints cheap, and is the decoding loop quicker than ``generate()``?

    python benchmarks/constrained_decoding.py
    python benchmarks/constrained_decoding.py --quick --only steps --threads 1
    python benchmarks/constrained_decoding.py --only generate --threads 1 2

Sections, each at 64 rows:

- steps: ranges, masks and states of random walks over the 168,000-entry vocabulary, for each modality and for text;
  the target is 0.3 ms. Times are of the processor: of a median step, and the
  same where of each step the quickest of a dozen repeats counts. In "text with segments" a
  walk opens segments so often that segments of every modality are open at once. A random walk opens far more branches
  and rings than a model does; so nano follows, over its own vocabulary, by the same walks and by its own samples.
- memory: what an automaton holds when made and after such a walk, and its masks.
- draws: head, mask and draw of structure tokens against a softmax over all ids; the target is 10 times.
- answers: as many tokens with constraints and without, on nano and the tiny model, and tokens a second of molecules,
  which end by themselves, against those drawn from the modality's tokens alone; the target is 1.0 times.
- requests: the same by ``model.generate``, from words to checked entities, with the guide and with ``guided=False``, on
  nano: processor time for a token. The target is 1.0 times.
- guides: 64 rows with 64 different constraints in one batch, against 64 rows with one.
- generate: our loop against Transformers' ``generate()`` on nano, prompts of equal and unequal lengths; the target is
  1.25 times.
- each (not by default): as many tokens under the guide of each modality and without any; a row begins anew where its
  answer ends. The target is 1.0 times.
- new: free SMILES under guides that are just made, so that their states are new: pieces judged one at a time once they
  are drawn, against listing all that may come before each draw; processor time.
- shares (not by default): what of a step is the guide, its masks, the head and draw, and the network.
- device (not by default, on a GPU): whether greedy answers are those of the CPU, both in single precision, and how many
  of 512 samples of each modality decode.

On a GPU (``--device cuda``) the loop is also timed over the Transformers network, and with ``--large`` the model of the
published layout has the sizes of Qwen3-0.6B.

Ratios are of medians of runs that take turns within one process. The tiny model has the layout of the published
checkpoints: the real Qwen3 vocabulary, the published token strings in shuffled order, and random weights; it is built
from ``$BIOMATRIX_SHARED/data/tokenizer``, or read from ``--model``. Without either, only nano is measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROWS = 64
OF_THE_LARGEST = ("memory", "draws")
"""Sections that the size of the vocabulary decides."""
OF_NANO = ("requests", "generate")
"""Sections that are measured on nano alone where there is no GPU."""
FREE = {
    "molecule_smiles": "Make a molecule.",
    "molecule_selfies": "Make a molecule.",
    "molecule_structure": "Make a molecule in 3D.",
}
"""Modalities whose answers end by themselves, so that tokens per second are compared, and what they are asked by."""
REQUESTS = {
    "molecule": ("Make a molecule.", "Write a drug that dissolves in water.", "Give a molecule with two rings."),
    "protein": ("Make a protein.", "Write a small enzyme.", "Give a protein of a bacterium."),
}
"""What is asked, by how the names of modalities begin."""
SECTIONS = ("steps", "new", "memory", "draws", "answers", "requests", "guides", "generate")
MORE = ("each", "shares", "device")
"""Sections that are printed where they are named."""


def print_steps(model: Any, quick: bool) -> None:
    """Print what a step of each automaton costs."""
    from decoding.loops import answers, prompt_of
    from decoding.steps import BUDGET, walk

    from biomatrix.entities.automaton import Bounds

    steps = 60 if quick else 300
    for name, guide, openings in _guides(model):
        _print_step(name, guide, walk(guide, ROWS, steps, openings))
        if not model.name.endswith("nano") or openings:  # weights of the tiny model are random
            continue
        start = () if name == "text" else (model.vocabulary.start_id(name),)
        prompts = [(*prompt_of(model), *start)] * (ROWS if quick else 2 * ROWS)
        written = answers(model, [guide] * len(prompts), prompts, [Bounds(BUDGET)] * len(prompts))
        _print_step(f"{name}, own", guide, walk(guide, ROWS, steps, answers=written))


def _print_step(name: str, guide: Any, times: tuple[Any, Any, int]) -> None:
    median, quickest, masks = times
    print(
        f"  {name:23} {len(guide.ids):7,} ids: allowed {median.allowed:.3f} + mask {median.mask:.3f} + advance "
        f"{median.advance:.3f} = {median.whole:.3f} ms, quickest {quickest.whole:.3f}; masks {masks / 1e6:.1f} MB",
        flush=True,
    )


def print_new(model: Any, quick: bool) -> None:
    """Print what a step costs where the states of SMILES are new."""
    from decoding.new_states import new_states

    found = new_states(model, "molecule_smiles", ROWS, 96, 1 if quick else 3)
    for way, times in found.items():
        print(
            f"  molecule_smiles, {way:8} guide {times.guide:8.3f} ms of {times.whole:8.3f} for a token of each row, "
            f"{found['listed'].guide / times.guide:.1f} times as quick; {times.tokens:,} tokens",
            flush=True,
        )


def print_memory(model: Any, quick: bool) -> None:
    """Print what the automata hold."""
    from decoding.steps import memory

    vocabulary = model.vocabulary
    for name in vocabulary.modalities:
        ids = vocabulary.segment_ids(name)
        made, walked, masks = memory(lambda n=name, i=ids: vocabulary.block(n).modality.automaton(i), ROWS, 30)  # type: ignore[misc]
        print(f"  {name:20} {made:6.1f} MB made, {walked:6.1f} MB walked, masks {masks / 1e6:5.1f} MB")


def print_draws(model: Any, quick: bool) -> None:
    """Print how much cheaper a draw among structure tokens is."""
    from decoding.draws import compare

    repeats = 3 if quick else 15 if model.engine._network.device.type == "cpu" else 200
    _print_against(compare(model, "protein_structure", ROWS, repeats), "constrained")


def print_answers(model: Any, quick: bool) -> None:
    """Print how constrained answers compare with unconstrained ones."""
    from decoding.loops import constrained, guided

    _print_against(
        constrained(model, "protein_structure", ROWS, 24 if quick else 128, 1 if quick else 5), "constrained"
    )
    for output, request in FREE.items():
        found = guided(model, output, request, ROWS, 24 if quick else 96, 1 if quick else 3)
        rates = {name: tokens / seconds.processor for name, (seconds, tokens) in found.items()}
        (ours, alone), (_, tokens) = rates.values(), found["guided"]
        print(
            f"  {output:20} guided {ours:7,.0f} tokens a second of processor time, {tokens / ROWS:.0f} each; "
            f"{ours / alone:.2f} times those of its tokens alone"
        )


def print_requests(model: Any, quick: bool) -> None:
    """Print how whole requests with a guide compare with those without."""
    from decoding.loops import requested

    for output in model.vocabulary.modalities:
        asked = REQUESTS[output.partition("_")[0]][: 1 if quick else None]
        found = requested(model, output, asked, ROWS, 1 if quick else 5)
        each = {name: 1e6 * seconds.processor / tokens for name, (seconds, tokens) in found.items()}
        written = ", ".join(f"{tokens:,} tokens {name}" for name, (_, tokens) in found.items())
        print(
            f"  {output:20} guided {each['guided']:7.0f} us a token, unguided {each['unguided']:7.0f}: "
            f"{each['guided'] / each['unguided']:.2f} times as long ({written})",
            flush=True,
        )


def print_guides(model: Any, quick: bool) -> None:
    """Print what different constraints in one batch cost."""
    from decoding.loops import many_guides

    tokens = 24 if quick else 65
    times = many_guides(model, ROWS, tokens, 1 if quick else 5)
    for name, seconds in times.items():
        wall, processor = (1000 * value / tokens for value in seconds)
        print(f"  {name:32} {wall:7.2f} ms a step, processor {processor:.2f}")


def print_generate(model: Any, quick: bool) -> None:
    """Print how our loop compares with ``generate()``."""
    from decoding.loops import against_generate

    for spread in (0, 8):
        tokens, repeats = (16, 1) if quick else (128, 5 if model.name == "nano" else 2)
        times = against_generate(model, ROWS, tokens, repeats, spread)
        _print_against(times, "ours", "prompts of unequal length: " if spread else "prompts of one length: ")


def print_each(model: Any, quick: bool) -> None:
    """Print how each modality compares with no constraint."""
    from decoding.loops import each_modality

    is_trained = model.name == "nano"  # random weights write SMILES whose every state is new
    tokens, repeats = (24, 1) if quick else (128, 5) if is_trained else (48, 2)
    _print_against(each_modality(model, ROWS, tokens, 96, repeats), "unconstrained")


def print_shares(model: Any, quick: bool) -> None:
    """Print the parts of a step."""
    from decoding.shares import network_alone, shares

    tokens = 24 if quick else 128
    alone = network_alone(model, ROWS, tokens)
    print("" if alone is None else f"  the network alone {alone:.3f} ms a step")
    for name in sorted((None, *model.vocabulary.modalities), key=lambda name: name == "molecule_smiles"):
        if name == "molecule_smiles" and model.name != "nano":
            continue  # see print_each
        whole, parts = shares(model, name, ROWS, tokens, 96)
        told = "; ".join(f"{part} {value:.3f} ({value / whole:.0%})" for part, value in parts.items())
        print(f"  {name or 'unconstrained':20} {whole:.3f} ms a step: {told}", flush=True)


def print_device(model: Any, quick: bool) -> None:
    """Print how answers of a GPU compare with those of the CPU, and what is wrong with samples."""
    from decoding.devices import agreement, faults, greedy
    from decoding.models import opened

    if model.name != "nano":
        return
    device = model.engine._network.device.type
    pair = opened("nano"), opened("nano", device)
    for name in model.vocabulary.modalities:
        ours, theirs = (greedy(each, name, 8 if quick else ROWS, 96) for each in pair)
        same, alike = agreement(ours, theirs)
        print(
            f"  {name:20} greedy, float32: {same} of {len(ours)} answers as on the CPU, "
            f"{alike:,} of {sum(map(len, ours)):,} ids before the first that differs"
        )
        count = 16 if quick else 512
        wrong = faults(model, name, count, FREE.get(name, "Make a protein."))
        print(f"  {name:20} {count - sum(wrong.values())} of {count} samples decode {wrong or ''}", flush=True)


def _print_against(times: dict[str, Any], ours: str, before: str = "") -> None:
    base = times[ours]
    for name, seconds in times.items():
        ratio = (
            f"{seconds.wall / base.wall:.2f} times as long, processor {seconds.processor / base.processor:.2f} times"
        )
        print(f"  {before}{name:28} {1000 * seconds.wall:9.1f} ms" + ("" if name == ours else f", {ratio}"))


def _guides(model: Any) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    from biomatrix.generation.text_automaton import TextAutomaton

    vocabulary = model.vocabulary
    for name in vocabulary.modalities:
        yield name, vocabulary.automaton(name), ()
    text = TextAutomaton.from_vocabulary(vocabulary)
    yield "text", text, ()
    yield "text with segments", text, tuple(map(vocabulary.start_id, vocabulary.modalities))


PRINTED: dict[str, Callable[[Any, bool], None]] = {
    "steps": print_steps,
    "new": print_new,
    "memory": print_memory,
    "draws": print_draws,
    "answers": print_answers,
    "requests": print_requests,
    "guides": print_guides,
    "generate": print_generate,
    "each": print_each,
    "shares": print_shares,
    "device": print_device,
}


def measure(models: dict[str, Any], sections: Sequence[str], quick: bool) -> None:
    """Print the sections; on a CPU the loop is compared with ``generate()`` on nano alone, constraints on both."""
    for section in sections:
        for name, model in models.items():
            largest = list(models)[-1]
            on_cpu = model.engine._network.device.type == "cpu"
            if (section in ("generate", "requests") and name != "nano" and on_cpu) or (
                section in OF_THE_LARGEST and name != largest
            ):
                continue
            print(f" {section}, {name}, {model.num_embeddings:,} rows", flush=True)
            PRINTED[section](model, quick)


def main() -> None:
    """Measure and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a folder with a model of the published layout")
    parser.add_argument("--only", nargs="+", choices=(*SECTIONS, *MORE), default=SECTIONS, help="sections")
    parser.add_argument(
        "--threads", nargs="+", type=int, default=[1, 2], help="numbers of threads, one after the other"
    )
    parser.add_argument("--device", default="cpu", help="such as cuda")
    parser.add_argument("--dtype", default="float32", help="such as bfloat16")
    parser.add_argument("--large", action="store_true", help="sizes of Qwen3-0.6B for the published layout")
    parser.add_argument("--quick", action="store_true", help="few steps and repeats")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))

    import torch
    from decoding.models import LARGE, TINY, TOKENIZER, opened, write_published

    with tempfile.TemporaryDirectory() as name:
        folder = given.model
        if folder is None and TOKENIZER.is_dir():
            folder = Path(name) / "published"
            write_published(folder, sizes=LARGE if given.large else TINY)
        folders = {"nano": "nano"} | ({} if folder is None else {"large" if given.large else "tiny": folder})
        models = {name: opened(where, given.device, given.dtype) for name, where in folders.items()}
        for threads in given.threads:
            torch.set_num_threads(threads)
            load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
            print(f"{threads} thread{'s' * (threads > 1)}; {os.cpu_count()} processors, load {load}", flush=True)
            measure(models, given.only, given.quick)


if __name__ == "__main__":
    main()
