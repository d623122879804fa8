"""The user's model: a vocabulary, a name, and an engine that answers requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypedDict, Unpack

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.check import Check
from biomatrix.entities.kind_registry import load_attribute
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.generation.answers import Answer
from biomatrix.generation.checked import shown
from biomatrix.generation.choosing import chosen_answer
from biomatrix.generation.confidence import with_evidence
from biomatrix.generation.engine import Engine
from biomatrix.generation.events import Event
from biomatrix.generation.lengths import Length
from biomatrix.generation.loading import open_engine, save_network
from biomatrix.generation.origins import calibration_doubts
from biomatrix.generation.planning import prompt_ids
from biomatrix.generation.requests import Prompt, Request, Scorer, Wish
from biomatrix.generation.resolving import PromptResolver, resolved
from biomatrix.generation.sampling import Sampling
from biomatrix.generation.scoring import Score
from biomatrix.trust import check_agreement

if TYPE_CHECKING:
    from biomatrix.trust.calibration import Calibration
    from biomatrix.trust.text_checks import AskedNumber
    from biomatrix.vocabulary.vocabulary import Vocabulary


SoftGiven: TypeAlias = "str | Path | Sequence[str | Path] | PromptResolver"
"""Projectors for vectors in prompts: a folder, several, or what was opened from them."""
_SOFT: Final = "biomatrix.soft.soft_tokens:open_soft_tokens"


class Settings(TypedDict, total=False):
    """How prompts are answered: the keyword arguments that :meth:`Model.generate` and its siblings share."""

    num_samples: int
    temperature: float
    top_p: float
    seed: int
    greedy: bool
    max_new_tokens: int | None
    system: str | None
    raw: bool
    constraints: Sequence[Wish]
    about: Entity | None
    drafts: int | None
    best_of: int
    scorer: Scorer | None
    beams: int | None
    guided: bool
    kept: Entity | tuple[Entity, str] | None
    number: AskedNumber | None


class Model:
    """A language model over text and entities.

    Open one with :meth:`from_pretrained` (the same as ``bm.load``), or make one of any engine.

    Parameters
    ----------
    engine : Engine
        What runs the model.
    name : str
        For messages; the class of the engine when empty.
    """

    def __init__(self, engine: Engine, name: str = "") -> None:
        self.engine = engine
        self.name = name or type(engine).__name__

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path = "nano",
        *,
        device: str | None = None,
        dtype: str | None = None,
        soft: SoftGiven | None = None,
        **structure_tokenizers: Any,
    ) -> Model:
        """Open a model and its vocabulary.

        Parameters
        ----------
        name_or_path : str or Path
            A shipped name ("nano"), a model folder, or a hub id (owner/name). Folders are in the ordinary Hugging
            Face layout; modalities are found by their token strings.
        device : str, optional
            Such as "cuda"; when not given, a GPU where there is one, else the CPU.
        dtype : str, optional
            Such as "bfloat16"; when not given, float32 on a CPU, where it is exact and fastest, and bfloat16 elsewhere.
        soft : str, Path, list of them, or SoftTokens, optional
            The projectors of entities that prompts show as vectors; see :meth:`with_soft`.
        **structure_tokenizers
            ``MODALITY_tokenizer=``, such as ``protein_structure_tokenizer=``: the structure tokenizer of a modality's
            tokens, as a shipped name, a folder or an object. Needed to decode structures of a checkpoint that does not
            name its tokenizers (a published one); without it, answers say which one is missing.

        Notes
        -----
        On a CPU the process keeps the memory it frees (glibc), which nearly doubles the speed: a cache that grows by
        one token per step needs a new large block at each step.

        Raises
        ------
        WeightsError
            There is no such model, or its weights are incomplete or of another vocabulary.
        ConfigurationError
            A keyword argument that does not end in ``_tokenizer``, or a dtype that torch does not have.
        """
        engine = open_engine(name_or_path, device=device, dtype=dtype, **structure_tokenizers)
        model = cls(engine, str(name_or_path))
        return model if soft is None else model.with_soft(soft)

    def with_soft(self, soft: SoftGiven) -> Model:
        """Return a model over the same network whose prompts may hold ``bm.Soft(entity)``.

        Parameters
        ----------
        soft : str, Path, list of them, or SoftTokens
            The folder of a projector, one that holds several, or what was opened from them.

        Raises
        ------
        ConfigurationError
            A projector was made for another decoder or another encoder than those at hand.
        WeightsError
            There is no projector, or a file is damaged.
        UnsupportedError
            The engine sends token ids elsewhere, and vectors have none.
        """
        resolving = getattr(self.engine, "resolving", None)
        if resolving is None:
            raise UnsupportedError(f"a {type(self.engine).__name__} takes no soft parts of prompts")
        resolver: PromptResolver = load_attribute(_SOFT)(soft)
        engine = resolving(resolver)
        resolver.check_model(getattr(engine, "model_hash", ""))
        return Model(engine, self.name)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the model in the ordinary Hugging Face layout, which stock loaders open.

        The files are ``model.safetensors``, ``config.json``, ``generation_config.json``, those of the tokenizer, and
        ``biomatrix.json`` with the structure tokenizers of the tokens. Each file takes its name once it is whole.
        """
        save_network(self.network, self.vocabulary, Path(folder))

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {type(self.engine).__name__}, {self.vocabulary!r})"

    @property
    def vocabulary(self) -> Vocabulary:
        """What the model's ids mean."""
        return self.engine.vocabulary

    @property
    def network(self) -> Any:
        """The Transformers network, where the engine runs one in this process; UnsupportedError elsewhere.

        What is done to it counts: from then on it answers itself, and no longer the plain decoder.
        """
        return self._of_network("network")

    @property
    def num_parameters(self) -> int:
        """Parameters of the network, tied ones counted once."""
        return int(self._of_network("num_parameters"))

    @property
    def num_embeddings(self) -> int:
        """Rows of the embedding, padding rows included."""
        return int(self._of_network("num_embeddings"))

    def _of_network(self, name: str) -> Any:
        """Return a property of the engine that only an engine with a network has."""
        value = getattr(self.engine, name, None)
        if value is None:
            raise UnsupportedError(f"{self.name} has no network here: a {type(self.engine).__name__} runs it elsewhere")
        return value

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and answer together."""
        return self.engine.context_length

    def generate(
        self,
        prompt: Prompt,
        output: str | Sequence[str] | None = None,
        length: Length | tuple[int | None, int | None] | None = None,
        *,
        calibration: Calibration | None = None,
        **settings: Unpack[Settings],
    ) -> list[Answer]:
        """Answer one prompt.

        Parameters
        ----------
        prompt : str, Entity, or sequence of them and of (Entity, modality)
            The request, as the user's turn of a conversation. Text stays text whatever it looks like.
        output : str or sequence of str, optional
            The modality to answer in: the answer is one complete segment of it, valid by its grammar. Text, with
            segments where the model writes them, when not given. Several modalities are written one after another, of
            one entity.
        length : int or (int or None, int or None), optional
            The number of residues, atoms or symbols (what the modality counts): exact, or the least and the most.
        num_samples : int
            The number of answers; they differ unless greedy. 1 when not given.
        temperature, top_p : float
            Of nucleus sampling, the only cut. 1 each when not given; a temperature of 0 is greedy.
        seed : int
            Answers are a function of seed, prompt and sample number, not of what else is in the batch.
        greedy : bool
            Take the likeliest token at each step.
        max_new_tokens : int, optional
            The longest answer; 512, or what an exact length needs, when not given.
        system : str, optional
            A system turn before the user's.
        raw : bool
            Continue the prompt as a document, without a conversation around it.
        constraints : sequence of (Constraint, callable or str)
            Such as ``"elements=C8N1O3"``; a function takes the automaton of the output and returns a narrower one.
        drafts : int, optional
            The most drafts of each sample; those that spell no entity or break a constraint are written again.
        best_of, scorer, beams
            How many answers to choose from and by what, or how many beams to search with.
        guided : bool
            False lets every token come; answers then report what is wrong with them.
        about, kept : Entity, optional
            The entity whose labels a generated structure takes, and the one that fills one of several modalities; see
            :class:`biomatrix.generation.requests.Request`, also for what can be combined.
        number : AskedNumber, optional
            The number that an answer in text should hold: its unit and range are among the checks.
        calibration : Calibration, optional
            Of this task and model, so that :attr:`Answer.confidence` states an interval. With one of labels the answer
            is the likeliest of them, chosen and not drawn, and its confidence a set of them. One of other weights is
            refused; other words or another temperature are a reason to doubt.

        Returns
        -------
        list of Answer
            ``num_samples`` of them.

        Raises
        ------
        LimitError
            Prompt and answer exceed the model's context.
        ConfigurationError, VocabularyError
            The request cannot be met; what the model writes never raises.

        Examples
        --------
        ``model.generate(["Fold ", protein, "."], output="protein_structure", length=len(protein))``
        """
        request = request_of(prompt, output, length, **settings)
        doubts = calibration_doubts(calibration, self.engine, request)
        if calibration is not None and calibration.labels:
            return with_evidence([chosen_answer(self.engine, request, calibration)], calibration, doubts)
        return with_evidence(self.engine.generate([request])[0], calibration, doubts)

    def generate_batch(
        self,
        prompts: Sequence[Prompt],
        output: str | Sequence[str] | None = None,
        lengths: Sequence[Length | None] | None = None,
        *,
        max_rows: int | None = None,
        calibration: Calibration | None = None,
        **settings: Unpack[Settings],
    ) -> list[list[Answer]]:
        """Answer many prompts together, each as :meth:`generate` would.

        Requests that differ in more than prompt and length go to ``model.engine.generate(requests)``.

        Parameters
        ----------
        prompts : sequence
            Each as for :meth:`generate`.
        output : str, optional
            The modality of all answers; text when not given.
        lengths : sequence, optional
            The length for each prompt, as for :meth:`generate`.
        max_rows : int, optional
            The most samples written together; changes speed and memory only.
        calibration : Calibration, optional
            As for :meth:`generate`.
        **settings
            As for :meth:`generate`, for all prompts.

        Returns
        -------
        list of list of Answer
            ``num_samples`` answers for each prompt.

        Raises
        ------
        BioMatrixError
            A request cannot be met; of several prompts, the error names the number as the record.
        """
        if isinstance(prompts, str | Entity) or not isinstance(prompts, Sequence):
            raise ConfigurationError(f"prompts are a list of prompts, not {shown(prompts)}")
        if lengths is not None and not isinstance(lengths, Sequence):
            raise ConfigurationError(f"lengths are a list with one for each prompt, not {shown(lengths)}")
        each = [None] * len(prompts) if lengths is None else list(lengths)
        if len(each) != len(prompts):
            raise ConfigurationError(f"{len(each)} lengths for {len(prompts)} prompts")
        requests = []
        for number, (prompt, length) in enumerate(zip(prompts, each, strict=True), start=1):
            try:
                requests.append(request_of(prompt, output, length, **settings))
            except BioMatrixError as error:
                raise (error.at(record=number) if len(prompts) > 1 else error) from None
        doubts = [calibration_doubts(calibration, self.engine, request) for request in requests]
        if calibration is not None and calibration.labels:
            groups = [[chosen_answer(self.engine, request, calibration)] for request in requests]
        else:
            groups = self.engine.generate(requests, max_rows=max_rows)
        return [with_evidence(group, calibration, why) for group, why in zip(groups, doubts, strict=True)]

    def stream(
        self,
        prompt: Prompt,
        output: str | Sequence[str] | None = None,
        length: Length | tuple[int | None, int | None] | None = None,
        **settings: Unpack[Settings],
    ) -> Iterator[Event]:
        """Yield an answer while it is written: text, tokens and segments, at the end the whole :class:`Answer`.

        Takes the arguments of :meth:`generate`, and writes the same answers; see :mod:`biomatrix.generation.events`.
        """
        return self.engine.stream(request_of(prompt, output, length, **settings))

    def score(self, prompt: Prompt, continuation: Prompt, system: str | None = None, raw: bool = False) -> Score:
        """Return how likely the model finds a continuation of a prompt.

        Parameters
        ----------
        prompt : str, Entity, or sequence
            As for :meth:`generate`.
        continuation : str, Entity, or sequence
            The answer; an entity is written whole, in its default modality.
        system : str, optional
            A system turn before the user's.
        raw : bool
            Take the prompt as a document, without a conversation around it.

        Returns
        -------
        Score
            In nats; embedding rows without a token take no probability.

        Raises
        ------
        ConfigurationError
            The continuation is empty.
        LimitError
            Prompt and continuation exceed the model's context.
        """
        return self.engine.score(Request(prompt, system=system, raw=raw), continuation)

    def check_agreement(self, entity: Entity, decoys: int = 19, seed: int = 0, words: str = "") -> Check:
        """Return whether the structure of an entity fits its sequence under this model.

        See :func:`biomatrix.trust.score_agreement`; the entity is scored ``decoys + 1`` times.
        """
        return check_agreement(self.score, entity, decoys=decoys, seed=seed, words=words)

    def prompt_ids(self, prompt: Prompt, *, system: str | None = None, raw: bool = False) -> list[int]:
        """Return the ids a prompt becomes; an empty document begins with the end-of-document token."""
        request = Request(prompt, system=system, raw=raw)
        return prompt_ids(self.vocabulary, resolved(request, getattr(self.engine, "resolver", None)))


def load(
    name_or_path: str | Path = "nano",
    *,
    device: str | None = None,
    dtype: str | None = None,
    soft: SoftGiven | None = None,
    **tokenizers: Any,
) -> Model:
    """Open a model and its vocabulary; the same as :meth:`Model.from_pretrained`."""
    return Model.from_pretrained(name_or_path, device=device, dtype=dtype, soft=soft, **tokenizers)


def request_of(
    prompt: Prompt,
    output: str | Sequence[str] | None = None,
    length: Length | tuple[int | None, int | None] | None = None,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int = 0,
    greedy: bool = False,
    **settings: Any,
) -> Request:
    """Return the request that the keyword arguments of :meth:`Model.generate` spell."""
    return Request(prompt, output, length, sampling=Sampling(temperature, top_p, greedy, seed), **settings)
