"""One look-up for names, folders and repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from biomatrix.entities import hub
from biomatrix.errors import WeightsError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    return tmp_path / "mine"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, dict[str, Any]]]:
    """What the hub was asked for, instead of asking it."""
    import huggingface_hub

    calls: list[tuple[str, dict[str, Any]]] = []

    def snapshot(repository: str, **settings: Any) -> str:
        calls.append((repository, settings))
        return str(tmp_path / "downloaded")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    return calls


def located(name: str | Path, **settings: Any) -> Path:
    return hub.locate(name, what="model", patterns=("*.json", "*.safetensors"), **settings)


def test_shipped_names_come_before_folders_and_paths_are_never_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    shipped = {"mine": folder.parent / "shipped"}
    assert located("mine", shipped=shipped) == shipped["mine"]
    assert located(Path("mine"), shipped=shipped) == Path("mine")
    assert located(folder, shipped=shipped) == folder


def test_an_id_is_fetched_by_its_patterns_only(asked: list[tuple[str, dict[str, Any]]]) -> None:
    located("owner/name", revision="v1")
    assert asked == [("owner/name", {"revision": "v1", "allow_patterns": ["*.json", "*.safetensors"]})]


@pytest.mark.parametrize("name", ["nowhere", "a/b/c", "./a", "/a/b", "..", "", "~/a"])
def test_what_is_no_id_is_never_fetched(name: str, asked: list[tuple[str, dict[str, Any]]]) -> None:
    with pytest.raises(WeightsError, match=r"no such folder|holds no config"):
        located(name, shipped={"nano": Path("nano")})
    assert asked == []


def test_nothing_is_fetched_unless_allowed(asked: list[tuple[str, dict[str, Any]]], folder: Path) -> None:
    with pytest.raises(WeightsError, match="no such folder"):
        located("owner/name", hub=False)
    with pytest.raises(WeightsError):
        located(Path("owner/name"))
    assert asked == []
    located(str(folder), hub=True)
    assert len(asked) == 1  # asked for by name, so the folder does not answer


def test_a_folder_of_another_thing_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"holds no config\.json, so no model"):
        located(tmp_path)
    assert located(tmp_path, holds=None) == tmp_path


def test_the_hub_offline_is_one_named_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def offline(*_: Any, **__: Any) -> str:
        raise LocalEntryNotFoundError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(WeightsError, match="check the name and the network") as caught:
        located("owner/name")
    assert caught.value.file == "owner/name"


def test_a_missing_cache_holds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    real = huggingface_hub.scan_cache_dir
    monkeypatch.setattr(huggingface_hub, "scan_cache_dir", lambda: real(tmp_path / "none"))
    assert hub.cached_folders() == []
