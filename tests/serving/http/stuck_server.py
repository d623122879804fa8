"""``biomatrix serve`` with an operation that no stop signal reaches, as of a library that hangs."""

from __future__ import annotations

import sys
import time

from pydantic import BaseModel, ConfigDict

from biomatrix.serving.operations.operation import Operation, register
from biomatrix.serving.service import Service


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seconds: float


class Told(BaseModel):
    seconds: float


def hang(service: Service, asked: Asked) -> Told:
    sys.stdout.write("hanging\n")
    sys.stdout.flush()
    time.sleep(asked.seconds)
    return Told(seconds=asked.seconds)


register(Operation("hang", "Hang.", Asked, Told, hang, {"seconds": 1.0}))

if __name__ == "__main__":
    from biomatrix.cli.main import main

    main()
