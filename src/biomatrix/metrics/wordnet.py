"""WordNet, whose synonyms METEOR matches: found, set up from files that a distribution carries, its version read.

Debian and its relatives have WordNet 3.0 in the package ``wordnet-base``; it lacks one small file that nltk wants, a
list of lexicographers' files, which is written here. Synonyms differ between versions, and METEOR with them.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import ConfigurationError
from biomatrix.user_cache import user_cache

ENVIRONMENT: Final = "BIOMATRIX_WORDNET"
DEBIAN: Final = Path("/usr/share/wordnet")
_PARTS: Final = ("noun", "verb", "adj", "adv")
NEEDED: Final = tuple(f"{kind}.{part}" for kind in ("index", "data") for part in _PARTS) + tuple(
    f"{part}.exc" for part in _PARTS
)
"""The files of WordNet that matching needs."""
LEXICOGRAPHER_FILES: Final = (
    "adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute",
    "noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group",
    "noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant", "noun.possession",
    "noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state", "noun.substance", "noun.time",
    "verb.body", "verb.change", "verb.cognition", "verb.communication", "verb.competition", "verb.consumption",
    "verb.contact", "verb.creation", "verb.emotion", "verb.motion", "verb.perception", "verb.possession",
    "verb.social", "verb.stative", "verb.weather", "adj.ppl",
)  # fmt: skip
"""By number, as lexnames(5WN) lists them."""
_PART_NUMBERS: Final = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
_VERSION: Final = re.compile(r"WordNet (\d+(?:\.\d+)*) Copyright")
HOW: Final = (
    "run: apt-get install wordnet-base && biomatrix metrics wordnet; or biomatrix metrics wordnet --from FOLDER, where "
    "FOLDER holds data.noun and the other files of WordNet 3.0"
)


def default_folder() -> Path:
    """Return where WordNet is kept: what :data:`ENVIRONMENT` names, else a folder of the user's cache."""
    return Path(os.environ.get(ENVIRONMENT) or user_cache() / "wordnet")


def set_up(source: Path | None = None, folder: Path | None = None) -> tuple[Path, str]:
    """Copy WordNet to where it is looked for, with the list of lexicographers' files.

    Parameters
    ----------
    source : Path, optional
        A folder with its files; by default what Debian installs, else what nltk finds.
    folder : Path, optional
        By default :func:`default_folder`.

    Returns
    -------
    folder : Path
    version : str

    Raises
    ------
    ConfigurationError
        The source lacks files, or the folder cannot be written.
    """
    found, target = source or _installed(), folder or default_folder()
    if found is None:
        raise ConfigurationError(f"no WordNet found; {HOW}")
    missing = _missing(found)
    if missing:
        raise ConfigurationError(f"no WordNet: it lacks {', '.join(missing)}", file=str(found))
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in NEEDED:
            shutil.copyfile(found / name, target / name)
        (target / "lexnames").write_text(_lexnames(), encoding="ascii")
    except (OSError, shutil.SameFileError) as error:
        raise ConfigurationError(f"WordNet cannot be copied: {error}", file=str(target)) from error
    return target, version_of(target)


def version_of(folder: Path) -> str:
    """Return the version that the copyright notice at the head of the files states, "unknown" without one."""
    try:
        with (folder / "data.noun").open(encoding="utf-8", errors="replace") as lines:
            head = lines.read(4096)
    except OSError as error:
        raise ConfigurationError(f"WordNet cannot be read: {error.strerror}; {HOW}", file=str(folder)) from error
    found = _VERSION.search(head)
    return found.group(1) if found else "unknown"


class WordNet:
    """Synonyms by word, as nltk's METEOR asks for them; each word is looked up once.

    Parameters
    ----------
    folder : Path
        Set up by :func:`set_up`.

    Raises
    ------
    ConfigurationError
        nltk is absent, or the folder is not set up.
    """

    def __init__(self, folder: Path) -> None:
        missing = [*_missing(folder), *([] if (folder / "lexnames").is_file() else ["lexnames"])]
        if missing:
            raise ConfigurationError(f"METEOR needs WordNet, which is not there; {HOW}", file=str(folder))
        try:
            import nltk.data
            from nltk.corpus.reader.wordnet import WordNetCorpusReader
        except ImportError as error:
            raise ConfigurationError("the nltk package is not installed; run: pip install nltk") from error
        self.version = version_of(folder)
        root = str(folder.resolve())
        if root not in nltk.data.path:
            nltk.data.path.append(root)  # nltk reads nothing outside the folders of this list
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there are no other languages
            # The mapping to other languages wants a file that METEOR does not, and that Debian leaves out.
            plain = type("EnglishWordNet", (WordNetCorpusReader,), {"map_wn": lambda *_: None})
            reader = plain(root, None)
        self._synsets = lru_cache(100_000)(reader.synsets)

    def synsets(self, word: str) -> Sequence[Any]:
        """Return the synsets of a word in any part of speech."""
        found: Sequence[Any] = self._synsets(word)
        return found


@lru_cache(2)
def load_wordnet(folder: Path | None = None) -> WordNet:
    """Return WordNet as :func:`set_up` left it; it is read once.

    Raises
    ------
    ConfigurationError
        It is not there; the message says what to run.
    """
    return WordNet(folder or default_folder())


def _missing(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / name).is_file()]


def _installed() -> Path | None:
    if not _missing(DEBIAN):
        return DEBIAN
    try:
        import nltk

        found = Path(str(nltk.data.find("corpora/wordnet")))
    except (ImportError, LookupError):
        return None
    return found


def _lexnames() -> str:
    parts = (_PART_NUMBERS[name.split(".")[0]] for name in LEXICOGRAPHER_FILES)
    rows = zip(LEXICOGRAPHER_FILES, parts, strict=True)
    return "".join(f"{number:02d}\t{name}\t{part}\n" for number, (name, part) in enumerate(rows))
