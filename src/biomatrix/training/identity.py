"""What makes two runs the same: the settings that alter what is learned, and the data, by content rather than by place.

The data may move to another folder, and how long, how often and where a run reports may change; what a run goes on with
must be what it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.same_run import differences, told
from biomatrix.errors import ConfigurationError
from biomatrix.training.config import OptimiserSection, TuningSection
from biomatrix.training.mixture import MixtureSection
from biomatrix.training.progress import logger
from biomatrix.training.steadiness_settings import AveragingSection
from biomatrix.vocabulary.token_table import token_table_fingerprint

if TYPE_CHECKING:
    from biomatrix.corpus.shards import TokenShards
    from biomatrix.vocabulary import Vocabulary

MAY_CHANGE: Final = (
    "data.train",
    "model.vocabulary",
    *(f"optimiser.{name}" for name in OptimiserSection.model_fields if name != "name"),
    "stability",
    "run.output",
    "run.max_steps",
    "run.max_minutes",
    "run.precision",
    "run.attention",
    "run.compile",
    "run.kernels",
    "run.threads",
    "run.gradient_checkpointing",
    "run.checkpointed_share",
    "run.weights",
    "run.prefetch",
    "run.log_every",
    "run.evaluate_every",
    "run.evaluate_documents",
    "run.save_every",
    "run.keep",
    "log",
    "run.patience",
    "run.loss_rows",
)
"""Settings of a recipe that a run may go on with changed: folders, whose content is compared instead, how long and how
fast it runs, what it reports, the optimiser's and the guards', so that a run whose loss ran away can go on with a lower
rate. Another optimiser could not read the state of the first."""

_LATER: Final = {
    "mixture": MixtureSection().model_dump(mode="json"),
    "tuning": TuningSection().model_dump(mode="json"),
    "averaging": AveragingSection().model_dump(mode="json"),
}
"""Sections that recipes of earlier versions lack, as those versions computed."""

ORDER: Final = "permutation 1"
"""Named otherwise when the same documents and seed would give other batches."""


@dataclass(frozen=True)
class DataIdentity:
    """The content of what a run learns from.

    Parameters
    ----------
    shards : str
        The hash of the shards of the training corpus, in order.
    vocabulary : str
        The hash of every token with its id.
    order : str
        How documents are ordered and laid out: another way is another run.
    base : str, optional
        The hash of the frozen weights beside which adapters are trained; None where checkpoints hold all weights.
    """

    shards: str
    vocabulary: str
    order: str = ORDER
    base: str | None = None

    @classmethod
    def of(cls, train: TokenShards, vocabulary: Vocabulary) -> DataIdentity:
        """Return the identity of a corpus and the vocabulary it is read with."""
        return cls(train.fingerprint, token_table_fingerprint(vocabulary))


def check_same_run(
    saved: Mapping[str, Any], current: Mapping[str, Any], then: Mapping[str, Any], now: DataIdentity | None, place: Path
) -> None:
    """Raise ConfigurationError where a checkpoint belongs to a run with other settings or data.

    Parameters
    ----------
    saved, current : mapping
        The recipe of the checkpoint, and that of this run.
    then : mapping
        The checkpoint's data; empty in those of earlier versions, which noted none.
    now : DataIdentity, optional
        This run's data.
    place : Path
        The checkpoint.
    """
    tuning = {**_LATER["tuning"], **saved.get("tuning", {})}
    saved = {**_LATER, **saved, "optimiser": {"name": "adamw", **saved.get("optimiser", {})}, "tuning": tuning}
    different = differences(saved, {**_LATER, **current}, MAY_CHANGE)
    if different:
        raise ConfigurationError(
            f"the checkpoint was made with other settings ({told(different)}); use another output folder, or the "
            "recipe it was made with",
            file=str(place),
        )
    if now is None:
        return
    if not then:
        logger.warning(
            "%s does not say which data it was trained on, or in which order; make sure that they are the same",
            place.name,
        )
        return
    changed = differences(then, asdict(now), () if then.get("base") else ("base",))  # earlier versions noted none
    if [line.partition(":")[0] for line in changed] == ["base"]:
        raise ConfigurationError(
            f"the adapters of the checkpoint belong to another base than model.checkpoint now holds ({told(changed)}); "
            "give the model they were trained beside, or use another output folder",
            file=str(place),
        )
    if changed:
        raise ConfigurationError(
            f"the checkpoint was trained on other data ({told(changed)}); give the corpus and the vocabulary it was "
            "trained with, or use another output folder"
            + ("; it can be finished by the version of biomatrix that began it" if "order" not in then else ""),
            file=str(place),
        )


def with_batches_a_step(
    saved: Mapping[str, Any], processes_then: int, current: Mapping[str, Any], processes_now: int, place: Path
) -> Mapping[str, Any]:
    """Return a checkpoint's recipe as another number of processes takes it: with as many batches in a step as before.

    Processes share out one order of batches, so a step of 2 processes with ``accumulate = 4`` learns from the same
    batches as a step of 8 with ``accumulate = 1``.

    Parameters
    ----------
    saved, current : mapping
        The recipe of the checkpoint, and that of this run.
    processes_then, processes_now : int
        How many trained and train together; 0 where a checkpoint of an earlier version does not say.
    place : Path
        The checkpoint.

    Raises
    ------
    ConfigurationError
        A step would take more or fewer batches; the message says what to set.
    """
    then, now = (recipe["batches"]["accumulate"] for recipe in (saved, current))
    if processes_then in (0, processes_now):
        return saved
    if then * processes_then == now * processes_now:
        return {**saved, "batches": {**saved["batches"], "accumulate": now}}
    wanted, rest = divmod(then * processes_then, processes_now)
    advice = f"set batches.accumulate to {wanted}" if not rest else "use a number of processes that divides them"
    raise ConfigurationError(
        f"the checkpoint was made with {then * processes_then} batches a step ({processes_then} processes, "
        f"batches.accumulate = {then}), and {processes_now} with {now} would take {now * processes_now}; {advice}",
        file=str(place),
    )


def check_vocabulary(corpus: TokenShards, vocabulary: Vocabulary, folder: Path) -> None:
    """Raise ConfigurationError where the ids of a corpus were written with another vocabulary.

    Parameters
    ----------
    corpus : TokenShards
    vocabulary : Vocabulary
        What a model will read the ids with.
    folder : Path
        Where the vocabulary was opened, for the message.
    """
    noted = corpus.manifest.get("token_table")
    same = corpus.manifest.get("vocabulary_size", len(vocabulary)) == len(vocabulary)
    if noted is not None:
        same = noted == token_table_fingerprint(vocabulary)
    if not same:
        raise ConfigurationError(
            f"this corpus was built with another vocabulary than {folder}, so its ids mean other tokens; name the "
            "one it was built with as model.vocabulary, or build the corpus again with --vocabulary",
            file=str(corpus.folder),
        )
    if noted is None:
        logger.warning("%s does not say which tokens its ids stand for; make sure it is for %s", corpus.folder, folder)
