"""The shape of the house: the order of its rooms, no circles, no room that asks which kind it holds, small files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from biomatrix.entities import kind

SOURCE = Path(__file__).resolve().parents[1] / "src" / "biomatrix"
FILES = sorted(SOURCE.rglob("*.py"))

ORDER = (
    "metrics",
    "entities",
    "downloads",
    "trust",
    "vocabulary",
    "tasks",
    "corpus",
    "training",
    "generation",
    "conversion",
    "links",
    "report",
    "evaluation",
    "soft",
    "quickstart",
    "doctor",
    "serving",
    "cli",
)
"""Every room, lower ones first: a room imports itself and what is below it."""

FOUNDATION = {"__init__", "errors", "lazy", "peak_memory", "progress", "processors", "user_cache"}
"""Modules beside the rooms, which any room may import."""

ABOUT_CELLS = tuple(
    f"biomatrix.{name}"
    for name in (
        "links",
        "evaluation.cells",
        "soft.encoders.cells",
        "cli.cells",
        "cli.links",
        "soft.alignment.cell_texts",
        "soft.alignment.cell_files",
    )
)
"""What is about cells alone: their types, texts on them, and the links between their open regions and genes."""

KIND_FOLDERS = {"molecule": "molecule", "protein": "protein", "cell": "cell", "nucleic": "rna"}
"""The folder of each kind, or of several, and one kind that lives there."""

LONGEST_FILE, MEDIAN_FILE = 500, 150


def module_name(path: Path) -> str:
    parts = ("biomatrix", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement that runs; imports for type checkers alone do not count."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            continue
        if not isinstance(node, ast.expr):  # which holds no statement
            yield node
            yield from statements(node)


def imports(path: Path, modules: frozenset[str]) -> set[str]:
    found = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("biomatrix"):
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                found.add(deeper if deeper in modules else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("biomatrix")}
    return found


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    modules = frozenset(map(module_name, FILES))
    return {module_name(path): imports(path, modules) & modules for path in FILES}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def test_every_room_has_a_place_in_the_order() -> None:
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found <= set(ORDER), found - set(ORDER)


def test_imports_point_one_way(graph: dict[str, set[str]]) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        if room(module) in ORDER
        and room(target) not in FOUNDATION
        and ORDER.index(room(target)) > ORDER.index(room(module))
    ]
    assert not wrong


def test_the_foundation_imports_no_room(graph: dict[str, set[str]]) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        if room(module) in FOUNDATION and room(target) in ORDER
    ]
    assert not wrong


def test_no_import_goes_in_a_circle(graph: dict[str, set[str]]) -> None:
    open_, done, path = set[str](), set[str](), list[str]()

    def visit(module: str) -> None:
        if module in done:
            return
        assert module not in open_, " -> ".join([*path[path.index(module) :], module])
        open_.add(module)
        path.append(module)
        for target in sorted(graph[module]):
            # A package's own __init__ hands out names lazily, by strings: it is no arrow back.
            if target != module and not module.startswith(target + "."):
                visit(target)
        path.pop()
        done.add(module)

    for module in sorted(graph):
        visit(module)


def test_one_kind_does_not_import_another(graph: dict[str, set[str]]) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        for mine in KIND_FOLDERS
        for other in KIND_FOLDERS
        if mine != other
        and module.startswith(f"biomatrix.entities.{mine}.")
        and target.startswith(f"biomatrix.entities.{other}.")
    ]
    assert not wrong


ASKS = re.compile(
    r"isinstance\([^()]*\b(Molecule|Protein|Cell|NucleicAcid)\b"
    r"|\bkind\s*(==|!=|in)\s*[\"'(\[{]?[\"'](molecule|protein|cell|dna|rna)"
    r"|[\"'](molecule|protein|cell|dna|rna)[\"']\s*(==|!=)"
    r"|==\s*[\"'](molecule|protein|cell|dna|rna)[\"']"
    r"|Literal\[[^\]]*[\"'](molecule|protein|cell|dna|rna)[\"']"
    r"|\bMolecule\s*\|\s*Protein\b|\bProtein\s*\|\s*Molecule\b"
)
"""What a room that asks which kind it holds looks like."""

SOURCES_OF_A_KIND = "corpus/sources"
"""Readers of named data sets make records of one kind each, and may say so."""


def outside_the_kinds() -> list[Path]:
    return [
        path
        for path in FILES
        if not any(path.is_relative_to(SOURCE / "entities" / kind) for kind in KIND_FOLDERS)
        and not path.is_relative_to(SOURCE / SOURCES_OF_A_KIND)
    ]


def test_no_room_asks_which_kind_it_holds() -> None:
    asking = [
        f"{path.relative_to(SOURCE)}, line {number}: {line.strip()}"
        for path in outside_the_kinds()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ASKS.search(line)
    ]
    assert not asking


def test_rooms_above_the_kinds_do_not_reach_into_their_folders(graph: dict[str, set[str]]) -> None:
    """Only the registry's table and the lazy public names know where a kind lives."""
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        if any(target.startswith(f"biomatrix.entities.{kind}.") for kind in KIND_FOLDERS)
        and not any(module.startswith(f"biomatrix.entities.{kind}") for kind in KIND_FOLDERS)
        and not module.startswith(("biomatrix.corpus.sources.", *ABOUT_CELLS))
    ]
    assert not wrong


def test_kinds_have_the_same_file_names() -> None:
    shared = {"__init__.py", "kind.py", "entity.py", "checks.py", "compare.py", "thresholds.py", "files", "modalities"}
    in_space = {"structure", "examples.py"}
    for name, of in KIND_FOLDERS.items():
        held = {path.name for path in (SOURCE / "entities" / name).iterdir()}
        wanted = shared | in_space if kind(of).viewer is not None else shared
        assert wanted <= held, f"{name} lacks {wanted - held}"


def test_files_are_small() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    longest = max(lengths, key=lambda path: lengths[path])
    assert lengths[longest] <= LONGEST_FILE, longest
    assert median(lengths.values()) <= MEDIAN_FILE
