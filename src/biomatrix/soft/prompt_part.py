"""The parts of a prompt that become vectors: entities for an encoder, or vectors from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.vocabulary.tables import Deferred

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Soft(Deferred):
    """An entity, or several in order, that a prompt shows as vectors in place of tokens.

    A model reads it that was opened with the projector of such entities (``bm.load(..., soft=FOLDER)``).

    Parameters
    ----------
    *entities : Entity
        At least one, each followed by the next without anything between.
    projector : str, optional
        The name of the projector, where there are several for a kind of entity.

    Raises
    ------
    ConfigurationError
        There is none, or one is no entity.

    Examples
    --------
    >>> import biomatrix as bm
    >>> prompt = ["What is ", bm.Soft(bm.Molecule.from_smiles("CCO")), "?"]
    """

    def __init__(self, *entities: Entity, projector: str | None = None) -> None:
        wrong: Any = next((one for one in entities if not isinstance(one, Entity)), None)
        if not entities or wrong is not None:
            raise ConfigurationError(
                "Soft takes entities" + ("" if wrong is None else f", not a {type(wrong).__name__}")
            )
        self.entities, self.projector = entities, projector

    def __repr__(self) -> str:
        named = "" if self.projector is None else f", projector={self.projector!r}"
        return f"Soft({', '.join(map(repr, self.entities))}{named})"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each entity."""
        return tuple(entity.kind for entity in self.entities)

    @property
    def modality(self) -> str:
        """The kinds, as records show them."""
        return f"soft {', '.join(dict.fromkeys(self.kinds))}"

    def refusal(self) -> BioMatrixError:
        """Return why nothing is made of it here."""
        kinds = " and a ".join(dict.fromkeys(self.kinds))
        return ConfigurationError(
            f"Soft needs a model with the projector of a {kinds}: open it with soft=FOLDER, or by with_soft(FOLDER)"
        )


class GivenVectors(Deferred):
    """Vectors of one entity that an encoder gave elsewhere; the projector is this model's.

    Parameters
    ----------
    vectors : array, shape=(k, d), dtype=float32
    kind : str
        Of the entity.
    projector : str, optional
        As for :class:`Soft`.
    """

    def __init__(
        self, vectors: NDArray[np.float32] | Sequence[Sequence[float]], kind: str, projector: str | None = None
    ):
        import numpy as np

        try:
            found = np.array(vectors, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"vectors are k lists of d numbers: {error}") from None
        found.flags.writeable = False
        self.vectors, self.kind, self.projector = found, kind, projector

    @property
    def modality(self) -> str:
        """The kind, as records show it."""
        return f"vectors of a {self.kind}"

    def refusal(self) -> BioMatrixError:
        """Return why nothing is made of it here."""
        return ConfigurationError(
            f"vectors of a {self.kind} need a model with their projector: open it with soft=FOLDER"
        )
