"""The files of the page: served under the policy, nothing inline, vendored code as its note says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from biomatrix.serving.page import CONTENT_SECURITY_POLICY, PAGE, mount_page

VENDORED = PAGE / "vendor" / "molstar-5.6.1"


def test_files_come_with_the_policy() -> None:
    fastapi = pytest.importorskip("fastapi", reason="the extra serve is not installed")
    from fastapi.testclient import TestClient

    app = fastapi.FastAPI()
    mount_page(app)
    client = TestClient(app)
    for path in ("/", "/page/main.js", "/page/base.css", "/page/vendor/molstar-5.6.1/molstar.js"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/page/../page.py").status_code == 404


def test_the_policy_allows_nothing_inline_or_foreign() -> None:
    assert "'unsafe-inline'" not in CONTENT_SECURITY_POLICY
    assert "'unsafe-eval'" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    html = (PAGE / "index.html").read_text()
    assert re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|<style|//", html) is None


@pytest.mark.parametrize("module", sorted(PAGE.glob("*.js")), ids=lambda path: path.name)
def test_modules_write_text_alone(module: Path) -> None:
    source = module.read_text()
    assert re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source) is None
    assert len(source.splitlines()) < 300
    for name in re.findall(r"from \"\./([\w.-]+)\"", source):
        assert (PAGE / name).is_file(), f"{module.name} imports {name}"


def test_what_is_vendored_is_what_its_note_says() -> None:
    note = (VENDORED / "VENDORED.md").read_text()
    digest = hashlib.sha256((VENDORED / "molstar.js").read_bytes()).hexdigest()
    assert f"| here | sha256 `{digest}` |" in note
    assert (VENDORED / "LICENSE").read_text().startswith("The MIT License")
