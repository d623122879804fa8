"""Which letter a residue name is read as: the standard residues, and a declared map of modified ones.

The modified residues are the peptide-linking components of the wwPDB Chemical Component Dictionary that name one
standard parent or carry one standard letter (``mon_nstd_parent_comp_id``, ``one_letter_code``), D-amino acids
included; the names of force fields (:mod:`force_fields`) are added. A residue that is in neither table is read as X.
"""

from __future__ import annotations

from typing import Final

from biomatrix.entities.structure_files.force_fields import CAPS, IONS, LIPIDS, STATES

STANDARD: Final[dict[str, str]] = {
    "ALA": "A", "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E", "GLY": "G", "HIS": "H",
    "ILE": "I", "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F", "PRO": "P", "SER": "S", "THR": "T", "TRP": "W",
    "TYR": "Y", "VAL": "V",
}  # fmt: skip
"""The twenty amino acids."""

NAMED: Final[dict[str, str]] = {"SEC": "U", "PYL": "O", "ASX": "B", "GLX": "Z", "XLE": "J", "UNK": "X"}
"""Residues with a letter of their own beyond the twenty."""

LETTERS: Final[str] = "".join(STANDARD.values()) + "".join(NAMED.values())
"""Every letter a sequence may hold."""

_MODIFIED: Final[dict[str, str]] = {
    "A": (
        "02K 02O 02Y 0CS 0FL 1AC 1L1 1PI 23P 2AG 2RA 33W 33X 3GA 3WS 4U7 4WQ 5AB 5FQ 5OH 5XU 6CV 6GL 7O5 "
        "7OZ 7VN 9WV A1ALE A1AMB A1AMC A1AT6 A1AT7 A1CTT A1H5W A1IID AA3 AA4 ABA AHO AHP AIB ALC ALM ALN "
        "ALS ALT AN8 APH AYA AZH B3A BP5 C22 CWD CZS DAB DAL DBZ DDZ DNP DNW DPP FB5 FB6 FLA H7V HAC HIX "
        "HQA HV5 IAM KNB LAL MAA N9P NA8 NAL NAM NCB NPI NWD ONH ORN PYA QM8 QMB QX7 RVJ S2D S2P SEG TIH "
        "UM1 UM2 UMA VVK XW1 XYC YFQ Z01 ZAL ZTK ZZJ"
    ),
    "R": (
        "0AR 0X9 2MR 2OR 4AR 4D4 4J5 73N 9NR A1CCS A1EFT A1LTQ AAR ACL AGM AR2 ARM ARO BWV CIR DA2 DAR DIR "
        "EI4 FIO G3M HAR HMR HR7 HRG IAR IOR J9Y MAI MGG MMO MYN NMM NNH ORQ POK RGL RPI THZ VR0 WYK"
    ),
    "N": "02L 1IP 41Q 5VV 823 9DN A1LUT A5N AFA AHB AS7 B3X CE7 DMH DSG HTN MEN MND NB8 SD4 SNN XSN",
    "D": (
        "0A0 0AK 0TD 3MD 7ID 7TK 999 A1ER5 AKL AS2 ASA ASB ASI ASK ASL ASQ B3D BFD BH2 BHD D2T DAS DMK DOH "
        "DSP DYA FL6 KKD LAA OHS OXX PAS PHD TAV ZJU"
    ),
    "C": (
        "00C 03Y 07O 08P 0A8 0QL 143 2CO 2XA 30V 31Q 3X9 4GJ 4J4 5CS 60F 6M6 6V1 6WK 85F 85L 8JB A1A7V "
        "A1BC0 A1CRT A1D64 A1ECI AEA AGT BB6 BB7 BB9 BBC BCS BCX BPE BTC BUC C1T C3Y C4R C5C C6C CAF CAS "
        "CAY CCS CEA CG6 CGL CGV CME CMH CML CMT CS0 CS1 CS3 CS4 CSA CSB CSD CSE CSJ CSO CSP CSR CSS CSU "
        "CSW CSX CSZ CY0 CY1 CY3 CY4 CYA CYF CYG CYM CYQ CYR CYW CZ2 CZZ DC2 DCY DYS ECX EFC EJA FFM FOE "
        "GQI GT9 HCM HNC HTI I3L ICY J3D JJJ JJK JJL K1R K5H M0H MCS MD3 MD5 NPH NYB NYS OCS OCY P1L P9S "
        "PBB PEC PR3 PYX Q8X QCS QNQ QNT QNW QO2 QO5 QO8 QPA QVA R1A S2C SCH SCS SCY SHC SIB SMC SNC TNB "
        "TQZ TSY UJR V44 VI3 XCN YCM YRV ZBZ ZLF ZZD"
    ),
    "Q": "A1L4B DGN ECC GHG GLH GNC LMQ MEQ MGN NLQ PCA QCI QMM QQ8 ZKO",
    "E": (
        "11W 3GL 3O3 5HP 86N 9NE AR4 B3E CGA CGU DGL DV9 EME G8M GAM GAU GHC GHW GLJ GLQ GMA GME GSU ILG "
        "LME MEG NHL R0K RGP VHF X2W"
    ),
    "G": (
        "0AC 3XH 5PG 9DS A1AZQ CHP CR5 D3P DGH EJJ FGL GEE GHP GL3 GLZ GSC HGY I4G IC0 IGL IPG LPG LVG M30 "
        "MD6 MEU MGY MPQ MSA NLY NMC PG9 PGY PRV SAR SHP UGY ZSX"
    ),
    "H": (
        "2HF 2SO 3AH 3ZH 56A A1A7R A1AS0 A1ASZ A1AZ2 A1I9G A1IQX B3U DDE DHI E9V HBN HHI HIA HIC HIP HIQ "
        "HOO HS8 HS9 HSK HSO HSV I4O MH1 MHS NEM NEP NZH OGC OHI OLD OYL PJ3 PSH PVH Q75 SNK V5N Z70"
    ),
    "I": "5GM 66D 7JA BIU DIL I2M IIL ILX IML QIL RX9 TS9",
    "L": (
        "2LU 2ML 8WY A1A5T A1ADO AN6 BL2 BTA CLE DLE DNE DON EXY FLE G5G HL2 HL5 HLU KW4 L3O LAY LED LEF "
        "LEH LEM LNE LNM MHL MK8 MLE MLL MNL NLB NLE NLN NLO NLP NLW S0R T3R TDD WLU Y1V"
    ),
    "K": (
        "0A2 2KK 2KP 3QN 4AK 5CT 5GG 5MW 5OW 5T3 6CL 6G4 6HN 73P 74P 7QK 8RE 9E7 9KP 9TR 9TU 9TX 9U0 A1BDE "
        "A1BEB A1BX4 A1D5B A1EDD A1EG1 A1EIU A1EJ1 A1EJ4 A1EJR A1EJS A1EJT A1EJZ A1EMP A1H5N A1H96 A1LUV "
        "A1LWV A66 ALY API APK AZK B3K BTK C1X CCL CLG CLH CYJ DLS DLY DM0 DNL DNS ELY EXA FAK FDL FF9 FH7 "
        "FHL FHO FQA FZN GND GPL HLY I2F I58 IEL IT1 JGO JLP KBE KCR KCX KEO KFP KGC KHB KPF KPI KPY KR3 "
        "KST KYQ L5P LA2 LBY LBZ LCK LCX LDH LET LGY LLO LLP LLY LLZ LMF LP6 LRK LSO LYF LYM LYN LYO LYR "
        "LYU LYX LYZ M2L M3L MCL ML3 MLY MLZ MYK N65 NOT OBS PE1 PRK PYH Q3P SHR SKH SLL SLZ TLY TRG VB1 "
        "VPV XRW XX1 Y57 YHA ZAI"
    ),
    "M": "2FM 4CY A1LUD CXM ESC FME IZO KOR M2S ME0 MED MHO MME MS6 MSE MSL MSO MT2 MV6 OMT SME",
    "F": (
        "0A9 0BN 1PA 200 23F 2GX 33S 3CF 41H 4AF 4CF 4II 4OU 4PH 4SJ 55I 5CR 7N8 7T2 7VU 7W2 7XC 9DT 9NF "
        "A1C3V A1CCR A1ECK A1ECL A1H2H A1IHG A1IPL A1L4D A1MCG A3U B1F BB8 BIF BNN DJD DPN EHP F2F FCL FX9 "
        "H14 HOX HP9 HPC HPE HPQ IAE IOY LWI MEA MHU N0A NDF NFA OZW PBF PCS PF5 PFF PHA PHI PHL PM3 PPN "
        "QPH SMF T11 TEF TFQ TSQ U3X UXQ V3E V61 WFP WPA X5U XA6 YC3 ZCL ZV4"
    ),
    "P": (
        "037 04U 04V 05N 0LF 0Y8 11Q 12L 12X 12Y 2MT 2P0 3BY 3PX 4FB 4KY 4L0 6Y9 7YO 8LJ A1A3M A1CAB A1D5E "
        "A1D9O A1ICB A1ICC A1L2U DPL DPR DYJ E0Y FP9 FPK G8X H5M HY3 HYP HZP JKH KLF LPD MP8 N7P N80 N8P "
        "P2Y PCC PH6 PLJ POM PR4 PR7 PR9 PRJ PRS PXU RT0 SLR TPJ TPK V3C VH0 XPR XRE YPR ZI0 ZYJ ZYK"
    ),
    "S": (
        "0AH 1X6 2JG 2RX 2ZC 432 4HH 4HJ 4OV 5R5 73C 8SP A1BC5 A1BZO A1EIC A1IKP A9D AZS B3S BG1 BSE BWB "
        "BXT CWR DBS DHA DISEP DSE DSN EW6 FGP GFT GVL HSE HSL I7F J8W K5L K7K LPS MC1 MH6 MIR MIS MKF N10 "
        "NC1 O2E OAS OLZ OMH OSE PG1 RVX RZ4 S12 S1H SAC SBL SDP SEB SEE SEL SEM SEN SEP SET SGB SOY SRZ "
        "SUN SVA SVV SVW SVX SVY SVZ SWW SXE TIS TNR UF0"
    ),
    "T": (
        "0E5 28X 2QZ 2TL 6BR AEI ALO BMT CTH D11 DBU DTH EUP IYT NZC O7A OLT OTH T8L T9E TBM TH5 TH6 THC "
        "TMB TMD TNY TPO XDT YTH Z3E ZU0"
    ),
    "W": (
        "0AF 1TQ 32S 32T 4AW 4DP 4FW 4HT 4IN 4OG 4PQ 54C 5CW 6CW A1A5S A1AL8 A1AP1 A1AWS A1D7R A1H2I A1H45 "
        "A1L7E BTR CTE DTR E9M EXL F7W FT6 FTR HRP HT7 HTR KYN LTR LTU O6H O7D PAT Q2E R4K RE0 RE3 TCR TGH "
        "TNQ TOQ TOX TPL TQI TQQ TRF TRN TRO TRQ TRW TRX TRY TTQ UX8 V6W WRP WWB ZIQ"
    ),
    "Y": (
        "05O 0A1 0EA 0PR 0WZ 1OP 1TY 2LT 2R3 2TY 3CT 3MY 3NF 3TY 3YM 4BF 4HL 4LZ 51T 73O A1CCQ A1D5P A30 "
        "AGQ AZY B3Y BYR DAH DBY DI7 DPQ DTY E9C ESB F2Y F7Q FLT FTY FY2 FY3 G1X IB9 IYR J2F MBQ MDF MTY "
        "NBQ NIY NTR NTY OMX OMY P2Q P3Q PAQ PTH PTM PTR STY T0I TCQ TPQ TTS TXY TY1 TY2 TY3 TY5 TY8 TY9 "
        "TYB TYE TYI TYJ TYN TYO TYQ TYS TYT TYY U2X YNM YOF YPZ YTL ZDJ ZT6"
    ),
    "V": (
        "0AA 0AB 2VA 34E 9NV A1A8T A1AVU A1ECM A8E BUG DHN DHV DIV DVA EU0 FVA HVA LE1 LEI LVN MNV MVA NVA "
        "RXL TBG VAD VAF VAH WVL X60 ZQN"
    ),
}

PARENT: Final[dict[str, str]] = {name: letter for letter, names in _MODIFIED.items() for name in names.split()} | STATES
"""The letter of the standard parent of each modified residue; a name that is also a force field's is read as its."""

NUCLEOTIDES: Final[frozenset[str]] = frozenset(
    ["A", "C", "G", "U", "I", "N", "T", "DA", "DC", "DG", "DT", "DU", "DI", "DN", "ADE", "CYT", "GUA", "URA", "THY"]
)
"""Names of plain nucleotides; modified ones are known by their sugar atoms."""

_WATERS: Final = "HOH DOD WAT H2O TIP TIP3 TIP4 TIP5 TP3 TP4 TP5 T3P T4P T4H TIP3P TIP4P SOL SPC SPCE OPC HHO OHH W"
WATERS: Final[frozenset[str]] = frozenset(_WATERS.split())

THREE_LETTERS: Final[dict[str, str]] = {letter: name for name, letter in (STANDARD | NAMED).items()}
"""The residue name written for each letter."""

_ENDS: Final[str] = "NCD"
"""First letters of four-letter names: the N- and the C-terminal residue of a chain, and the D form of CHARMM."""

_ALSO_AT_ENDS: Final[frozenset[str]] = frozenset(["HYP", "MSE", "SEP", "TPO", "PTR"])


def without_end(residue_name: str) -> str:
    """Return a residue name without the letter by which force fields say at which end of the chain it is.

    Examples
    --------
    >>> without_end("NVAL"), without_end("CHID"), without_end("NAG")
    ('VAL', 'HID', 'NAG')
    """
    base = residue_name[1:]
    ends = len(residue_name) == 4 and residue_name[0] in _ENDS
    return base if ends and (base in STANDARD or base in STATES or base in _ALSO_AT_ENDS) else residue_name


def is_four_letter_name(name: str) -> bool:
    """Return whether four characters are a residue name of a force field, not three letters beside another field."""
    known = any(name in names for names in (STATES, LIPIDS, WATERS, IONS, CAPS))
    return len(name) == 4 and (known or without_end(name) != name)


def letter_of(residue_name: str) -> str | None:
    """Return the letter a residue name is read as, or None where no table holds it.

    Examples
    --------
    >>> letter_of("MSE"), letter_of("HISE"), letter_of("NVAL"), letter_of("SAH")
    ('M', 'H', 'V', None)
    """
    for table in (STANDARD, PARENT, NAMED):
        if residue_name in table:
            return table[residue_name]
    base = without_end(residue_name)
    return letter_of(base) if base != residue_name else None
