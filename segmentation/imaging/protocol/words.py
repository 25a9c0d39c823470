"""Rules, limits and measured values in words for people."""

from segmentation.imaging.protocol.rules import (
    NAMES,
    OF_KIND,
    UNITS,
    Absent,
    Quantity,
    Rule,
)

BY = " × "


SHORT, LONG = 4, 6
"""Significant digits of a value in a sentence, and of one that must not be rounded away."""


def number(value: float, digits: int = LONG) -> str:
    """Return a number with so many significant digits at most and no trailing zeros."""
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


def measured(quantity: Quantity, values: tuple[float, ...], digits: int = LONG) -> str:
    """Return measured values with their unit."""
    return f"{BY.join(number(value, digits) for value in values)} {UNITS[quantity]}"


def asked(rule: Rule) -> str:
    """Return what a rule asks for, such as ``80 to 110 ms``."""
    if rule.quantity == Quantity.PRESENT:
        return "present"
    if rule.quantity in OF_KIND:
        return rule.kind
    unit = UNITS[rule.quantity]
    if rule.lowest is None and rule.highest is not None:
        return f"at most {number(rule.highest)} {unit}"
    if rule.highest is None and rule.lowest is not None:
        return f"at least {number(rule.lowest)} {unit}"
    if rule.lowest is None or rule.highest is None:
        raise ValueError("A rule on a number has a limit.")
    if rule.lowest == rule.highest:
        return f"{number(rule.lowest)} {unit}"
    return f"{number(rule.lowest)} to {number(rule.highest)} {unit}"


def scanners(rule: Rule) -> str:
    """Return which scanners a rule is for."""
    strength = "" if rule.field_strength_t is None else f"{number(rule.field_strength_t)} T"
    parts = [part for part in (rule.manufacturer, rule.model, strength) if part]
    return " ".join(parts) or "any scanner"


def compared(rule: Rule, value: str) -> str:
    """Return a value beside what is asked for."""
    if rule.quantity in OF_KIND:
        verb = "acquired as" if rule.quantity == Quantity.ACQUISITION else "counts as"
        return f"{rule.sequence} {verb} {value}; the protocol asks for {asked(rule)}."
    return f"{_named(rule)} {value}; the protocol asks for {asked(rule)}."


def unknown(rule: Rule) -> str:
    """Return that a value is absent, and what that means."""
    meaning = (
        "A missing value counts as not met."
        if rule.absent == Absent.NOT_MET
        else "A missing value is neither met nor a deviation."
    )
    name = NAMES[rule.quantity]
    return (
        f"{rule.sequence}: {name if name.isupper() else name.lower()} cannot be told from the "
        f"file; the protocol asks for {asked(rule)}. {meaning}"
    )


def missing(rule: Rule) -> str:
    """Return that a sequence is missing."""
    return f"{rule.sequence} is missing; the protocol asks for it at every visit with images."


def set_aside(rule: Rule) -> str:
    """Return that a sequence is there in scans alone that are set aside."""
    return (
        f"{rule.sequence} is there in a scan alone that is set aside; the protocol asks for one "
        "that can be used at every visit with images."
    )


def _named(rule: Rule) -> str:
    name = NAMES[rule.quantity]
    return f"{rule.sequence}: {name if name.isupper() else name.lower()}"
