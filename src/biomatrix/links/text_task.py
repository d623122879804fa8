"""Links as a task in words: region and gene in the prompt, Yes or No as the answer, ranked by its log-odds.

The task is data, ``text_task.toml`` beside this module; here are its rows and its judge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.entities.rejects import Reject
from biomatrix.links.crispri import read_tested_pairs
from biomatrix.links.tested_figures import FAR
from biomatrix.metrics.ranked_pairs import ranked_pairs
from biomatrix.metrics.scores import Score, Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.split_files import of_split

TASK_FILE: Final = Path(__file__).with_suffix(".toml")
"""The definition, for ``biomatrix.tasks.benchmarks.registry.load_benchmarks`` or ``--file``."""
YES, NO = "Yes", "No"
_SURE: Final = -1e-12
"""A log-probability nearer 0 than this is taken for this: no odds are infinite."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the tested pairs of a split.

    Parameters
    ----------
    folder : Path
    split : str
    settings : mapping
        ``files``, the path of each split.
    """
    pairs = read_tested_pairs(official_file(folder, str(of_split(settings["files"], split))))
    for row in range(len(pairs)):
        region = f"{CHROMOSOMES[pairs.chromosome[row]]}:{pairs.start[row]}-{pairs.end[row]}"
        gene, cell_type = str(pairs.symbol[row]), str(pairs.cell_type[row])
        fields = {
            "region": region,
            "gene": gene,
            "cell_type": cell_type,
            "distance": f"{pairs.distance[row]:,}",
            "accessibility": f"{pairs.accessibility[row]:.2f}",
        }
        facts = {"distance": int(pairs.distance[row]), "cell_type": cell_type}
        answer = YES if pairs.regulated[row] else NO
        yield Example(f"{cell_type}|{gene}|{region}|{row}", fields, (answer,), facts=facts)


def log_odds(answer: str, logprob: float) -> float:
    """Return the log-odds of Yes from the answer that was written and its log-probability among the two.

    Examples
    --------
    >>> round(log_odds("Yes", math.log(0.8)), 4), round(log_odds("No", math.log(0.8)), 4)
    (1.3863, -1.3863)
    """
    held = min(logprob, _SURE)
    odds = held - math.log(-math.expm1(held))
    return odds if answer == YES else -odds


def judge(predictions: Sequence[Prediction], rows: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return AUPRC over all pairs and beyond 100 kb, and AUROC, of answers ranked by their log-odds.

    An answer that is neither Yes nor No counts below all. Where an answer comes without its probability, all are ranked
    by the word alone.
    """
    stated = [each.stated if each.stated in (YES, NO) else None for each in predictions]
    known = all(one is None or math.isfinite(each.logprob) for one, each in zip(stated, predictions, strict=True))
    scores = np.array(
        [
            math.nan if one is None else log_odds(one, each.logprob) if known else float(one == YES)
            for one, each in zip(stated, predictions, strict=True)
        ]
    )
    truth = np.array([row.references[0] == YES for row in rows])
    far = np.array([row.facts["distance"] > FAR for row in rows])
    empty = sum(not each.text for each in predictions)
    why = "" if known else "answers without their probability are ranked by Yes and No alone"

    def made(value: float, part: NDArray[np.bool_]) -> Score:
        return Score(value, len(rows), empty, stated.count(None) - empty, int(part.sum()), reason=why)

    whole, beyond = ranked_pairs(truth, scores), ranked_pairs(truth[far], scores[far])
    every = np.ones(len(rows), dtype=bool)
    return {
        "auprc": made(whole.auprc, every),
        "auprc_beyond_100kb": made(beyond.auprc, far),
        "auroc": made(whole.auroc, every),
        "prevalence": made(whole.prevalence, every),
    }
