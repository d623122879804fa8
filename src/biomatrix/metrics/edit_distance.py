"""How many characters part two strings."""

from __future__ import annotations


def levenshtein(first: str, second: str) -> int:
    """Return the least number of insertions, deletions and substitutions that turn one string into the other.

    A column of the table at once, as bits of one integer (Hyyrö 2003).

    Examples
    --------
    >>> levenshtein("CCO", "CO"), levenshtein("", "CC"), levenshtein("kitten", "sitting")
    (1, 2, 3)
    """
    if not first or not second:
        return max(len(first), len(second))
    places: dict[str, int] = {}
    for index, character in enumerate(first):
        places[character] = places.get(character, 0) | 1 << index
    everything, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    more, less, distance = everything, 0, len(first)
    for character in second:
        equal = places.get(character, 0)
        along = (((equal & more) + more) ^ more) | equal | less
        up, down = less | ~(along | more) & everything, more & along
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1) | 1, down << 1
        more = (down | ~(along | up)) & everything
        less = up & along & everything
    return distance
