"""Mangled answers: mutations of a right one, right ones taken back or doubled, and mere noise."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

ALPHABET: Final = (
    "CNOPSFIBrclnos[]()=#@+-/\\.%0123456789{}<>|;:,!? \t\n\0'\"`yYeEsSnNoOABCDtrufal"
    "\u2212\u00b1\u200b\u00e9\u4e2d\U0001f600"
)
MARKS: Final = (
    "<|mol_smi_start|>", "<|mol_smi_end|>", "<|mol_sfi_start|>", "<|mol_sfi_end|>", "<|prot_aa_start|>", "<|im_end|>",
    "<SMILES>", "</SMILES>", "<NUMBER>", "</BOOLEAN>", "<think>", "</think>", "```", "`", "Answer:", "The answer is",
)  # fmt: skip


class Mutant(NamedTuple):
    """A mangled answer.

    Parameters
    ----------
    text : str
    mutation : str
        How it was made.
    hedged : bool
        Whether it states more than one answer or takes back its own, so that it must not count as right.
    """

    text: str
    mutation: str
    hedged: bool = False


def mutant(gold: str, other: str, key: str) -> Mutant:
    """Return the mutant of a right answer that a key stands for.

    Parameters
    ----------
    gold : str
        A right answer as a model writes it.
    other : str
        A wrong one to the same question.
    key : str
        The same key gives the same mutant.
    """
    rng = Random(key)
    if rng.random() < 0.25:
        name, hedge = rng.choice(_HEDGES)
        return Mutant(hedge(gold, other), name, hedged=True)
    text, names = gold, []
    for _ in range(rng.randint(1, 3)):
        mutate = rng.choice(_MUTATIONS)
        text = mutate(text, rng)
        names.append(mutate.__name__.strip("_"))
    return Mutant(text[:200_000], "+".join(names))


def _delete(text: str, rng: Random) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.randint(1, 4) :]


def _insert(text: str, rng: Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + "".join(rng.choices(ALPHABET, k=rng.randint(1, 4))) + text[at:]


def _mark(text: str, rng: Random) -> str:
    at = rng.choice((0, len(text), rng.randrange(len(text) + 1)))
    return text[:at] + rng.choice(MARKS) + text[at:]


def _swap(text: str, rng: Random) -> str:
    if len(text) < 2:
        return text
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _cut(text: str, rng: Random) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _case(text: str, rng: Random) -> str:
    return rng.choice((str.upper, str.lower, str.swapcase))(text)


def _repeat(text: str, rng: Random) -> str:
    return rng.choice(("", " ", "\n")).join([text] * rng.choice((2, 3, 50)))


def _blanks(text: str, rng: Random) -> str:
    return rng.choice((" {}", "{}\n\n", "\t{} ", "{}.", "{}!")).format(text.replace("{", "").replace("}", ""))


def _prose(text: str, rng: Random) -> str:
    return rng.choice(("Sure! {}", "{} is my answer", "I think it is {}", "**{}**", '{{"answer": "{}"}}')).format(text)


def _noise(text: str, rng: Random) -> str:
    return "".join(rng.choices(ALPHABET, k=rng.randint(0, 80)))


def _flood(text: str, rng: Random) -> str:
    return rng.choice("C(<[1 ") * rng.choice((1_000, 4_000, 60_000, 150_000))


_MUTATIONS: Final[tuple[Callable[[str, Random], str], ...]] = (
    *([_delete, _insert, _mark, _swap, _cut, _case, _repeat, _blanks, _prose, _noise] * 6), _flood,
)  # fmt: skip
_HEDGES: Final[tuple[tuple[str, Callable[[str, str], str]], ...]] = (
    ("either", lambda gold, other: f"{gold} or {other}"),
    ("other first", lambda gold, other: f"{other} or {gold}"),
    ("both", lambda gold, other: f"{gold}\n{other}"),
    ("not", lambda gold, other: f"not {gold}"),
    ("cannot be", lambda gold, other: f"It cannot be {gold}"),
    ("anything but", lambda gold, other: f"Anything but {gold}, more like {other}"),
    ("corrected", lambda gold, other: f"{gold}. No, wait: {other}"),
)
