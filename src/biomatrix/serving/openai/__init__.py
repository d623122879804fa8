"""The API that clients of OpenAI speak: models, chat completions, completions, each whole or as a stream.

What a client says is text, whatever it looks like: marks of turns and control tokens in it are letters. Entities come
as parts of a message (``{"type": "molecule", "smiles": "CCO"}``). Segments written in control tokens are read in the
model's own turns, and in all text where the field ``read_entities`` says so.
"""
