"""Write the codon usage tables beside the objectives of designs from the package python-codon-tables (CC0-1.0).

pip install python-codon-tables==0.1.18
python recipes/codon_usage.py -o src/biomatrix/entities/nucleic/objectives/codon_usage.json
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path


def main() -> None:
    """Read the tables of the package and write them as one file."""
    import python_codon_tables as package

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    output = parser.parse_args().output
    species = {}
    for name in package.available_codon_tables_names:
        host, _, taxon = name.rpartition("_")
        table = package.get_codons_table(name)
        shares = {
            acid: {codon.replace("U", "T"): share for codon, share in sorted(codons.items())}
            for acid, codons in sorted(table.items())
        }
        species[host] = {"taxon": int(taxon), "shares": shares}
    found = {
        "source": f"python-codon-tables {version('python-codon-tables')}, from kazusa.or.jp",
        "licence": "CC0-1.0",
        "meaning": "share of each codon among those of its amino acid, all coding sequences of the genome",
        "species": dict(sorted(species.items())),
    }
    lines = json.dumps(found, indent=1).replace(",\n     ", ", ").replace("{\n     ", "{").replace("\n    }", "}")
    output.write_text(lines + "\n", encoding="utf-8")
    print(f"{output}: {len(species)} hosts")


if __name__ == "__main__":
    main()
