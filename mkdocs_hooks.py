"""What the documentation site adds to the pages of ``docs/``: the API of every room, model cards and project pages.

Nothing is written to ``docs/``: the pages below exist while the site is built. Links that leave ``docs/`` lead to such
a page where there is one, and to the repository otherwise, so that the same sources read well on both. The package is
parsed and not imported, so neither PyTorch nor RDKit need be installed.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).resolve().parent
PACKAGE: Final = ROOT / "src" / "biomatrix"
PROJECT_PAGES: Final = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
}
MODULES: Final = ("errors", "entities.registration", "entities.automaton")
"""Modules that a user needs whole, beside the names that rooms export."""
API: Final = "reference/api/"
CARDS: Final = "reference/cards/"
_WHOLE: Final = "    options: {show_root_heading: false, show_root_toc_entry: false}\n"
_ROLE: Final = re.compile(r":(?:class|func|meth|mod|data|attr):<code>~?")
_LINK: Final = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages in the navigation, where it names their folders."""
    listed = {API: [*api_pages()], CARDS: [*card_pages()]}
    config.nav = _with_folders(config.nav, listed)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for address, text in api_pages().items():
        files.append(File.generated(config, address, content=text))
    for address, source in {**card_pages(), **project_pages()}.items():
        files.append(File.generated(config, address, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead every relative link to the page of the site that shows its target, else to the repository."""

    def lead(match: re.Match[str]) -> str:
        return site_link(page.file.src_uri, match.group(1), str(config.repo_url)) + (match.group(2) or "")

    return _LINK.sub(lead, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Take off the roles of docstrings (``:class:``, ``:func:``), which Markdown does not know."""
    return _ROLE.sub(r"<code>", html)


def site_link(own: str, target: str, repository: str) -> str:
    """Return where a link of a page leads on the site.

    Parameters
    ----------
    own : str
        The page's address on the site, relative to its root, such as ``reference/cards/nano.md``.
    target : str
        The link as it stands in the source, relative to the source's own folder.
    repository : str
        The address of the repository, for what the site does not show.
    """
    sources = {**card_pages(), **project_pages()}
    folder = posixpath.dirname(sources.get(own, f"docs/{own}"))
    wanted = posixpath.normpath(posixpath.join(folder, target))
    address = {source: address for address, source in sources.items()}.get(wanted)
    if address is None and wanted.startswith("docs/"):
        address = wanted.removeprefix("docs/")
    if address is None:
        return f"{repository.rstrip('/')}/blob/main/{wanted}"
    return posixpath.relpath(address, posixpath.dirname(own) or ".")


def api_pages() -> dict[str, str]:
    """Return a page per room that has public names, and per module of :data:`MODULES`: address to Markdown."""
    pages = {}
    for init in sorted(PACKAGE.glob("*/__init__.py")):
        tree = ast.parse(init.read_text(encoding="utf-8"))
        room = f"biomatrix.{init.parent.name}"
        homes = _homes(tree)
        if not homes:
            continue
        names = sorted(homes, key=str.lower)
        head = [f"# {room}", ast.get_docstring(tree) or "", f"Import from the room: `from {room} import {names[0]}`."]
        pages[f"{API}{init.parent.name}.md"] = "\n\n".join([*head, *(f"::: {homes[name]}" for name in names), ""])
    for module in MODULES:
        pages[f"{API}{module}.md"] = f"# biomatrix.{module}\n\n::: biomatrix.{module}\n{_WHOLE}"
    return pages


def card_pages() -> dict[str, str]:
    """Return the model card of every shipped set of weights: address to path in the repository."""
    return {
        f"{CARDS}{card.parent.name}.md": card.relative_to(ROOT).as_posix()
        for card in sorted(PACKAGE.rglob("MODEL_CARD.md"))
    }


def project_pages() -> dict[str, str]:
    """Return the project's own pages: address to path in the repository."""
    return {address: source for source, address in PROJECT_PAGES.items()}


def _homes(tree: ast.Module) -> dict[str, str]:
    """Return each name of ``__all__`` with the full name of what it stands for, by the imports of the module."""
    public: set[str] = set()
    homes = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            public = set(ast.literal_eval(node.value))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("biomatrix."):
            homes |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {name: home for name, home in homes.items() if name in public}


def _with_folders(nav: Any, listed: dict[str, list[str]]) -> Any:
    """Return a navigation with the pages of a folder in the place of its name."""
    if isinstance(nav, list):
        return [_with_folders(entry, listed) for entry in nav]
    if isinstance(nav, dict):
        return {title: _with_folders(entry, listed) for title, entry in nav.items()}
    return listed.get(nav, nav)
