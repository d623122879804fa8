"""Residue names of simulation programs: protonation states, chain ends, and what is no amino acid for all its name.

GROMACS, AMBER, CHARMM, NAMD, OPLS, Desmond and Rosetta name a residue by its state (HISE, LYSH, CYX, ASPP) and AMBER
and GROMACS by its place in the chain (NVAL, CVAL). The names below are read as the amino acid they are a state of.
"""

from __future__ import annotations

from typing import Final

_STATES: Final[dict[str, str]] = {
    "R": "ARGN ARN ARGP",
    "D": "ASH ASPH ASPP AS4",
    "C": "CYX CYM CYN CYH CYSH CYS1 CYS2 CYSX CYSD CYSM CYD CYT CSSC",
    "E": "GLH GLUH GLUP GL4",
    "H": (
        "HSD HSE HSP HSC HID HIE HIP HISA HISB HISC HISD HISE HISH HISP HIS1 HIS2 HISX HISN HSPM HSDM HSEM "
        "H1D H2D H1E H2E"
    ),
    "K": "LYN LYP LSN LYSH LYSN LYSP LYS1",
    "N": "NLN",
    "P": "OLP",
    "S": "SRO SERD S1P OLS",
    "T": "THRD T1P OLT",
    "Y": "TYM TYO TYRM TYRU TYRD Y1P",
}

STATES: Final[dict[str, str]] = {name: letter for letter, names in _STATES.items() for name in names.split()}
"""The letter of the amino acid that each name is a state of."""

CAPS: Final[frozenset[str]] = frozenset(
    ["ACE", "NME", "NMA", "NAC", "NHE", "NH2", "FOR", "CT1", "CT2", "CT3", "CBX", "NHM"]
)
"""Groups that close a chain's ends."""

_IONS: Final[str] = (
    "LI NA K RB CS MG CA BA SR ZN MN FE FE2 CO NI CU CU1 CD HG PB AL AG AU PT CL BR IOD IUM F NA+ K+ LI+ CL- "
    "CL+ MG2 CA2 ZN2 SOD POT CAL CES LIT RUB BAR CLA NIO CIO CIP ION SO4 PO4 HPO4 H2PO4 NO3 NH4 SCN CO3"
)
IONS: Final[frozenset[str]] = frozenset(_IONS.split())
"""Ions under the names of the archive and of force fields."""

_LIPIDS: Final[str] = (
    "DPP DPPC DPPE DPPG DPPS DPPA DOP DOPC DOPE DOPG DOPS DOPA POP POPC POPE POPG POPS POPA POPI DMP DMPC DMPE "
    "DMPG DMPS DLP DLPC DLPE DLPG DLPS DSPC DSPE DSPG DSPS DSP DAPC DEPC DUPC DIPC PAPC PLPC PLPE SOPC SOPE "
    "SDPC SDPE SAPC SAPI PDOPC DPC SDS DDM DM LMT LDA LDAO BOG BNG OG FOS OCT CHAPS C12E8 LPPC LPC LPE PSM SSM "
    "CER GM1 GM3 TOCL CDL CL18 CHL CHL1 CHOL CLR CHO CLOL ERG SITO POT1 PIP PIP2 PI PA PC PE PS PGR PGS PH- OL "
    "OLA LAL ST AR DHA MY LA DAG TAG PALM OLEO STEA"
)
LIPIDS: Final[frozenset[str]] = frozenset(_LIPIDS.split())
"""Lipids, sterols and detergents; DPP, DSP, LAL and DHA are amino acids in the archive and lipids in force fields."""
