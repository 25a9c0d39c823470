"""What a column of an imported table may mean, how it is read, and how people name it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from mldtrial.trial.rules.severity import severity_instrument
from mldtrial.trial.sheets import cells
from mldtrial.trial.sheets.cells import Parser, folded


class Group(StrEnum):
    """The record that a column belongs to."""

    PATIENT = "patient"
    VISIT = "visit"
    GMFC = "GMFC-MLD"
    ELFC = "ELFC-MLD"
    SEVERITY = "MRI severity"
    TREATMENT = "treatment"


@dataclass(frozen=True, slots=True)
class Target:
    """One meaning of a column.

    Attributes
    ----------
    field : str
        Name of the value in its record; of an MRI item its key.
    words : tuple of str
        Names by which such a column is known, English and German.
    """

    key: str
    label: str
    group: Group
    field: str
    read: Parser
    words: tuple[str, ...] = ()


SEXES = {
    "F": "F", "female": "F", "w": "F", "weiblich": "F", "girl": "F",
    "M": "M", "male": "M", "m": "M", "männlich": "M", "boy": "M",
    "U": "U", "unknown": "U", "unbekannt": "U",
}  # fmt: skip
YES_NO = {
    "yes": True, "y": True, "ja": True, "true": True, "1": True,
    "no": False, "n": False, "nein": False, "false": False, "0": False,
}  # fmt: skip
SYMPTOMS = {
    "MOTOR": "MOTOR", "motorisch": "MOTOR", "gait": "MOTOR",
    "COGNITIVE": "COGNITIVE", "kognitiv": "COGNITIVE", "behavioural": "COGNITIVE",
    "BOTH": "BOTH", "beides": "BOTH",
}  # fmt: skip
GENOTYPES = {
    "0/0": "0/0", "0/R": "0/R", "R/0": "0/R", "R/R": "R/R",
    "UNKNOWN": "UNKNOWN", "unbekannt": "UNKNOWN",
}  # fmt: skip
ARSA = {"LOW": "LOW", "niedrig": "LOW", "erniedrigt": "LOW", "NORMAL": "NORMAL"}
SULFATIDES = {"ELEVATED": "ELEVATED", "high": "ELEVATED", "erhöht": "ELEVATED", "NORMAL": "NORMAL"}
TREATMENTS = {
    "HSCT": "HSCT", "SZT": "HSCT", "KMT": "HSCT", "BMT": "HSCT", "UCBT": "HSCT",
    "transplantation": "HSCT", "Stammzelltransplantation": "HSCT",
    "GENE_THERAPY": "GENE_THERAPY", "Gentherapie": "GENE_THERAPY", "OTL-200": "GENE_THERAPY",
    "ERT": "ERT", "Enzymersatztherapie": "ERT", "SHP611": "ERT",
    "OTHER": "OTHER", "andere": "OTHER",
}  # fmt: skip
SYMPTOM_STATES = {
    "PRESYMPTOMATIC": "PRESYMPTOMATIC", "präsymptomatisch": "PRESYMPTOMATIC",
    "EARLY": "EARLY", "früh": "EARLY",
    "SYMPTOMATIC": "SYMPTOMATIC", "symptomatisch": "SYMPTOMATIC",
}  # fmt: skip
DONORS = {
    "MATCHED_RELATED": "MATCHED_RELATED", "UNRELATED": "UNRELATED",
    "HAPLOIDENTICAL": "HAPLOIDENTICAL", "CORD_BLOOD": "CORD_BLOOD",
}  # fmt: skip

SUBJECT, SITE, VISIT_DATE, TOTAL = "subject_code", "site_code", "visit_date", "mri_total"
ITEM = "mri_"


def _of(group: Group, prefix: str, *rows: tuple[str, str, Parser, tuple[str, ...]]) -> list[Target]:
    return [
        Target(f"{prefix}{field}", label, group, field, read, words)
        for field, label, read, words in rows
    ]


def _patient() -> list[Target]:
    months, name = cells.whole(0, 1200), cells.text(64)
    return _of(
        Group.PATIENT,
        "",
        (SUBJECT, "Subject code", cells.text(32), (
            "subject", "subjectid", "usubjid", "subjid", "patient", "patientid", "pat", "id",
            "patientennummer", "patnr", "patientencode", "code",
        )),
        (SITE, "Site code", cells.text(32), (
            "site", "siteid", "centre", "center", "zentrum", "klinik",
        )),
        ("sex", "Sex", cells.choice(SEXES), ("gender", "geschlecht")),
        ("birth_month", "Birth (only the month is kept)", cells.month, (
            "birth", "birthdate", "dateofbirth", "dob", "brthdtc", "geburtsdatum", "geburtsmonat",
            "geb", "geboren",
        )),
        ("onset_age_months", "Age at first symptom, months", months, (
            "onset", "onsetage", "ageatonset", "ageofonset", "onsetmonths", "erstsymptomalter",
            "alterbeierstsymptom", "alterbeierkrankungsbeginn",
        )),
        ("first_symptom", "Kind of the first symptom", cells.choice(SYMPTOMS), (
            "erstsymptom", "firstsymptomtype",
        )),
        ("diagnosed_on", "Diagnosed on", cells.day, (
            "diagnosisdate", "dateofdiagnosis", "diagnosedatum",
        )),
        ("first_study_dose_on", "First study dose", cells.day, ("firstdose", "erstedosis")),
        ("genotype_class", "Genotype class", cells.choice(GENOTYPES), ("genotype", "genotyp")),
        ("allele_1", "First allele", name, ("allele1", "mutation1", "variant1", "allel1")),
        ("allele_2", "Second allele", name, ("allele2", "mutation2", "variant2", "allel2")),
        ("arsa_result", "ARSA activity, low or normal", cells.choice(ARSA), ("arsaresult",)),
        ("arsa_activity", "ARSA activity, measured", cells.decimal, (
            "arsa", "arsaactivity", "arsaaktivitaet",
        )),
        ("arsa_unit", "Unit of the ARSA activity", cells.text(32), ("arsaunit", "arsaeinheit")),
        ("urinary_sulfatides", "Urinary sulfatides", cells.choice(SULFATIDES), (
            "sulfatides", "sulfatide",
        )),
        ("pseudodeficiency_ruled_out", "Pseudodeficiency ruled out", cells.choice(YES_NO), ()),
        ("affected_sibling", "Affected sibling", cells.choice(YES_NO), (
            "sibling", "geschwisterbetroffen",
        )),
        ("sibling_onset_age_months", "Age at the sibling's first symptom, months", months, ()),
    )  # fmt: skip


def _visit() -> list[Target]:
    return _of(
        Group.VISIT,
        "visit_",
        ("date", "Date of the visit", cells.day, (
            "date", "visitdate", "dateofvisit", "svstdtc", "datum", "untersuchungsdatum",
            "visitendatum", "scandate", "mridate", "mrtdatum", "dateofscan",
        )),
        ("code", "Planned visit (its code)", cells.text(16), ("visit", "visite", "visitcode")),
    )  # fmt: skip


def _scores() -> list[Target]:
    instrument = severity_instrument()
    found = [
        Target(
            "gmfc_level", "GMFC-MLD level", Group.GMFC, "level",
            cells.level(r"([0-6])([ab]?)", "a level 0 to 6, or 4a, 4b"),
            ("gmfc", "gmfcmld", "gmfclevel", "gmfcstufe"),
        ),
        Target(
            "elfc_level", "ELFC-MLD level", Group.ELFC, "level",
            cells.level(r"e?([0-4])", "a level E0 to E4"),
            ("elfc", "elfcmld", "elfclevel", "elfcstufe"),
        ),
        Target(
            TOTAL, "MRI severity, total as written", Group.SEVERITY, "total",
            cells.whole(0, sum(item.maximum for item in instrument.items)),
            ("total", "mritotal", "mristotal", "mldstot", "summe", "gesamt", "gesamtscore",
             "mriscore", "score", "totalscore", "mrtscore"),
        ),
    ]  # fmt: skip
    for place, item in enumerate(instrument.items, start=1):
        found.append(
            Target(
                f"{ITEM}{item.key}", f"MRI severity: {item.label}", Group.SEVERITY, item.key,
                cells.whole(0, item.maximum),
                (item.key, item.label, f"mlds{place:02}", f"item{place}", f"item{place:02}"),
            )
        )  # fmt: skip
    return found


def _treatment() -> list[Target]:
    return _of(
        Group.TREATMENT,
        "treatment_",
        ("kind", "Treatment", cells.choice(TREATMENTS), (
            "treatment", "therapy", "therapie", "behandlung",
        )),
        ("started_on", "Treatment started on", cells.day, (
            "treatmentdate", "treatmentstart", "therapiebeginn", "hsctdate", "transplantdate",
            "datumtransplantation",
        )),
        ("stopped_on", "Treatment stopped on", cells.day, ("treatmentend", "therapieende")),
        ("dose", "Dose or cohort", cells.text(100), ("dose", "dosis", "cohort", "kohorte")),
        ("symptom_status", "Symptoms at the start", cells.choice(SYMPTOM_STATES), ()),
        ("conditioning", "Conditioning", cells.text(100), ("konditionierung",)),
        ("donor", "Donor", cells.choice(DONORS), ("spender",)),
        ("chimerism_percent", "Chimerism, percent", cells.decimal, ("chimerism", "chimaerismus")),
    )  # fmt: skip


@cache
def targets() -> dict[str, Target]:
    """Return every meaning of a column by its key, in the order of the pages."""
    return {t.key: t for t in (*_patient(), *_visit(), *_scores(), *_treatment())}


@cache
def _known_words() -> dict[str, str]:
    known: dict[str, str] = {}
    for target in targets().values():
        for word in (target.key, target.label, *target.words):
            known.setdefault(folded(word), target.key)
    return known


def guess(header: str) -> str:
    """Return the target that a column's name speaks of; empty where none is known."""
    return _known_words().get(folded(header), "")
