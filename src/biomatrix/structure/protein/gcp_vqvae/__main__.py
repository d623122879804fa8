"""Train by a recipe: ``python -m biomatrix.structure.protein.gcp_vqvae RECIPE TABLE -o FOLDER``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from biomatrix.errors import BioMatrixError
from biomatrix.structure.protein.gcp_vqvae.recipe import load_recipe, train


def main() -> int:
    """Run the command; 1 on an error, said on standard error."""
    parser = argparse.ArgumentParser(prog="python -m biomatrix.structure.protein.gcp_vqvae", description=__doc__)
    parser.add_argument("recipe", type=Path, help="a TOML file, such as recipes/gcp_vqvae_small.toml")
    parser.add_argument("table", type=Path, help="a Parquet table of chains")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoint and weights")
    parser.add_argument("--stop-after", type=int, help="stop after this many steps; run again to go on")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        train(load_recipe(arguments.recipe), arguments.table, arguments.output, stop_after=arguments.stop_after)
    except BioMatrixError as error:
        logging.getLogger(__name__).error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
