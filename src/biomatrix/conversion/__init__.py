"""Files to lines of wrapped tokens and back, record by record: what `biomatrix encode` and `decode` do."""

from __future__ import annotations

from biomatrix.conversion.counts import Counts
from biomatrix.conversion.decoding import decode_from_lines
from biomatrix.conversion.encoding import encode_to_lines
from biomatrix.conversion.wrapped import unwrap, wrap

__all__ = ["Counts", "decode_from_lines", "encode_to_lines", "unwrap", "wrap"]
