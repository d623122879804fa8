"""The documentation site: every room and model card has its page, and links lead to what they name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import biomatrix

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "https://example.org/repository/"


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mkdocs_hooks", ROOT / "mkdocs_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_of_every_room_is_in_the_reference(hooks: ModuleType) -> None:
    pages = hooks.api_pages()
    for found in pkgutil.iter_modules(biomatrix.__path__):
        public = getattr(importlib.import_module(f"biomatrix.{found.name}"), "__all__", ())
        if not public:
            continue
        listed = re.findall(r"^::: \S+\.(\w+)$", pages[f"reference/api/{found.name}.md"], re.M)
        assert sorted(listed) == sorted(public), found.name


def test_what_the_reference_names_is_there(hooks: ModuleType) -> None:
    for text in hooks.api_pages().values():
        for name in re.findall(r"^::: (\S+)$", text, re.M):
            try:
                importlib.import_module(name)
            except ModuleNotFoundError:
                home, _, attribute = name.rpartition(".")
                assert hasattr(importlib.import_module(home), attribute), name


def test_every_model_card_has_a_page_of_its_own(hooks: ModuleType) -> None:
    cards = list((ROOT / "src").rglob("MODEL_CARD.md"))
    assert sorted(hooks.card_pages().values()) == sorted(card.relative_to(ROOT).as_posix() for card in cards)


@pytest.mark.parametrize(
    ("own", "target", "leads"),
    [
        ("index.md", "tutorials/first-steps.md", "tutorials/first-steps.md"),
        ("explanation/design.md", "../reference/modalities.md", "../reference/modalities.md"),
        ("how-to/add-a-kind.md", "../../CONTRIBUTING.md", "../project/contributing.md"),
        ("project/contributing.md", "docs/how-to/add-a-kind.md", "../how-to/add-a-kind.md"),
        (
            "explanation/design.md",
            "../../src/biomatrix/cli/main.py",
            f"{REPOSITORY}blob/main/src/biomatrix/cli/main.py",
        ),
    ],
)
def test_links_lead_to_the_site_where_it_shows_them(hooks: ModuleType, own: str, target: str, leads: str) -> None:
    assert hooks.site_link(own, target, REPOSITORY) == leads


def test_links_of_the_shipped_model_card_lead_to_its_page(hooks: ModuleType) -> None:
    nano = "../../src/biomatrix/generation/weights/nano/MODEL_CARD.md"
    assert hooks.site_link("explanation/experiments.md", nano, REPOSITORY) == "../reference/cards/nano.md"
