"""The pages: their Python examples and commands run as they stand and print what the pages say."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from biomatrix.entities.molecule.examples import bundled_ligand
from biomatrix.entities.protein.examples import bundled_protein

from .forking_interpreter import ForkingInterpreter

ROOT = Path(__file__).resolve().parents[1]
RUNNING = [
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorials").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    ROOT / "docs" / "reference" / "constraints.md",
    ROOT / "docs" / "reference" / "entities.md",
    ROOT / "docs" / "reference" / "modalities.md",
    ROOT / "docs" / "reference" / "checks.md",
]
_FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.M | re.S)
_NOT_RUN = "Needs "
"""How the title of a block begins that asks for what a fresh machine does not have; the title says what it is."""
_MARK = "-- end of block --"
_COMMAND = "biomatrix "
_SHELL = re.compile(r"[|<>&;$`*?~#]")
"""What only a shell understands: such commands are run by one."""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its title, its text."""

    language: str
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [Block(*map(str, found)) for found in _FENCE.findall(page.read_text(encoding="utf-8"))]


def is_example(block: Block) -> bool:
    """Return whether a block is Python that runs on a fresh machine."""
    return block.language == "python" and not block.title.startswith(_NOT_RUN)


def script(page: Path, folder: Path) -> tuple[str, list[str | None]]:
    """Write the modules that a page spells, and return its examples as one script and what each is said to print."""
    lines: list[str] = []
    expected: list[str | None] = []
    found = blocks(page)
    for place, block in enumerate(found):
        if not is_example(block):
            continue
        if block.title.endswith(".py"):
            with (folder / block.title).open("a", encoding="utf-8") as module:
                module.write(block.text + "\n")
            continue
        following = found[place + 1] if place + 1 < len(found) else None
        expected.append(following.text if following is not None and following.language == "text" else None)
        lines += [block.text, f"print({_MARK!r})"]
    return "\n".join(lines), expected


def commands(page: Path) -> Iterator[str]:
    """Yield the commands of a page, continued lines joined."""
    for block in blocks(page):
        if block.language == "sh" and not block.title.startswith(_NOT_RUN):
            yield from (line for line in block.text.replace("\\\n", " ").splitlines() if _COMMAND in line)


@pytest.fixture(scope="module")
def interpreter() -> Iterator[ForkingInterpreter]:
    with ForkingInterpreter() as one:
        yield one


def run(
    arguments: list[str], folder: Path, interpreter: ForkingInterpreter | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, of Python's an interpreter's; what it printed is in the assertion where it failed."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(folder)]),
        "OMP_NUM_THREADS": "1",
    }
    if interpreter is not None:
        done = interpreter.run(arguments[1:], folder, environment)
    else:
        done = subprocess.run(
            arguments, cwd=folder, capture_output=True, text=True, env=environment, check=False, timeout=600
        )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with bundled entities under the names that the pages use."""
    bundled_protein("1s3v").to_file(tmp_path / "1abc.cif")
    bundled_protein("1s3v").to_file(tmp_path / "my.cif")
    bundled_protein("1s3v").to_file(tmp_path / "complex.pdb")
    for name in ("ligand.sdf", "ligands.sdf", "library.sdf.gz"):
        bundled_ligand("1s3v").to_file(tmp_path / name)
    return tmp_path


def test_a_page_is_taken_apart_as_it_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '```python title="part.py"\nx = 1\n```\n```python\nfrom part import x\nprint(x)\n```\n```text\n1\n```\n'
        '```python title="Needs a cluster"\nfail()\n```\n```sh\nbiomatrix a \\\n  b\ncd c\n```\n'
    )
    text, expected = script(page, tmp_path)
    assert (tmp_path / "part.py").read_text() == "x = 1\n\n"
    assert expected == ["1\n"]
    assert "fail" not in text
    assert list(commands(page)) == ["biomatrix a    b"]
    assert run([sys.executable, "-c", text], tmp_path).stdout == f"1\n{_MARK}\n"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_the_recipes_of_a_page_are_toml(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            tomllib.loads(block.text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in RUNNING if any(map(is_example, blocks(page)))], ids=lambda page: page.stem
)
def test_the_examples_of_a_page_run_and_print_what_it_says(
    page: Path, folder: Path, interpreter: ForkingInterpreter
) -> None:
    text, expected = script(page, folder)
    printed = run([sys.executable, "-c", text], folder, None if page.stem == "README" else interpreter).stdout.split(
        _MARK + "\n"
    )
    same = doctest.OutputChecker().check_output
    for want, got in zip(expected, printed, strict=False):
        assert want is None or same(want, got, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE), f"{want}\n---\n{got}"


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in RUNNING if list(commands(page))], ids=lambda page: page.stem)
def test_the_commands_of_a_page_run(page: Path, folder: Path, interpreter: ForkingInterpreter) -> None:
    program = f"{sys.executable} -m biomatrix.cli.main "
    for command in commands(page):
        if page.stem != "README" and command.startswith(_COMMAND) and not _SHELL.search(command):
            _, *words = shlex.split(command)
            run([sys.executable, "-m", "biomatrix.cli.main", *words], folder, interpreter)
            continue
        line = re.sub(r"(?:\.venv/bin/)?\bbiomatrix ", program, command, count=1)
        run(["bash", "-o", "pipefail", "-c", line], folder)


@pytest.mark.slow
@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda example: example.stem)
def test_the_example_scripts_run(example: Path, folder: Path) -> None:
    assert run([sys.executable, str(example)], folder).stdout
