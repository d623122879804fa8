"""Options that a kind declares for one of its measurements: a dataclass whose fields say what they are for.

Names, defaults, ranges and help are data, so that a command line can offer the options of every kind without knowing
one, and refuse those that do not apply to its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, TypeVar

from biomatrix.errors import ConfigurationError

Options = TypeVar("Options")


def option(
    default: Any, help_text: str, *, flags: str = "", least: float | None = None, most: float | None = None
) -> Any:
    """Return a dataclass field that is an option.

    Parameters
    ----------
    default : bool, int, float, str or None
    help_text : str
        One line, without the name of the kind.
    flags : str
        For yes or no: its two flags, such as ``--embed/--no-embed``, where the name alone does not serve.
    least, most : float, optional
        The range of a number.
    """
    return field(default=default, metadata={"help": help_text, "flags": flags, "least": least, "most": most})


def defaults(of: type[Any]) -> dict[str, Any]:
    """Return the options of a class by name, each with its default, in order."""
    return {one.name: one.default for one in fields(of)}


def chosen_options(
    of: type[Options], owner: str, settings: Mapping[str, Any], others: Mapping[str, type[Any]], holds: str
) -> Options:
    """Return the options of one owner, refusing those of other owners rather than ignoring them.

    Parameters
    ----------
    of : type
        The dataclass of its options.
    owner : str
        The owner, in the plural, such as ``proteins``.
    settings : mapping of str to object
        The settings as given, of any owner; one at its default counts as not given.
    others : mapping of str to type
        The options of every other owner, by the owner's name.
    holds : str
        What holds the owner's entities, in words, such as ``the file``.

    Raises
    ------
    ConfigurationError
        An option that does not exist, or one of another owner.
    """
    own = defaults(of)
    for name, value in settings.items():
        if name in own:
            continue
        takers = {who: defaults(options)[name] for who, options in others.items() if name in defaults(options)}
        if not takers:
            raise ConfigurationError(f"no option {name.replace('_', '-')}; {owner} take: {', '.join(own) or 'none'}")
        if all(value != default for default in takers.values()):
            words = " and ".join(takers)
            raise ConfigurationError(f"the option {name.replace('_', '-')} is for {words}; {holds} holds {owner}")
    return of(**{name: value for name, value in settings.items() if name in own})
