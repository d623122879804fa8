"""Settings from outside: TOML files, and tables of them checked against a model."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from biomatrix.errors import ConfigurationError

MAX_BYTES: Final = 1 << 20
Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the tables of a TOML file. Raises ConfigurationError where it cannot be read or is too large."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"a recipe is at most {MAX_BYTES} bytes", file=str(file))
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the recipe: {error.strerror}", file=str(file)) from error
    except ValueError as error:
        raise ConfigurationError(f"not TOML: {error}", file=str(file)) from error


def checked(values: Mapping[str, Any], model: type[Model], file: str | Path) -> Model:
    """Return settings as a validated model; ConfigurationError names each that is unknown, missing or out of range."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(faults_of(error), file=str(file)) from error


def faults_of(error: ValidationError) -> str:
    """Return every fault pydantic found, each with the setting it is in, on one line."""
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
