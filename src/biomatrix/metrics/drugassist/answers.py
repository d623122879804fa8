"""The SMILES that an answer in words holds (``parse_molecule`` in ``small_molecule_editing.py``)."""

from __future__ import annotations


def read_answer(text: str) -> str:
    """Return what is taken for the molecule: after the last colon, in quotes, after an arrow, or the longest word.

    One full stop at the end is dropped. A quotation mark that is not closed costs the last character, as officially.

    Examples
    --------
    >>> read_answer("Sure: CCO."), read_answer('It is "CCN" now'), read_answer("CCO -> CCN"), read_answer("use CCOC")
    ('CCO', 'CCN', 'CCN', 'CCOC')
    """
    record = text.strip().replace("\r\n", "\n").replace("\n", " ").removesuffix(".").split(":")[-1]
    if '"' in record and "->" not in record:
        start = record.find('"') + 1
        return record[start : record.find('"', start)]
    if " " not in record:
        return record
    words = record.split(" ")
    if "->" in words[:-1]:
        return words[words.index("->") + 1].replace('"', "")
    return max(words, key=len)
