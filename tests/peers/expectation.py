"""What is expected of a judge's checks, and how the outcome is compared with it.

A judge gives one outcome per check. Every check must pass, except those that the expectations name, each with the
outcome it has and the reason why that is right. The list is held to in both directions: a check that is listed and
passes, has another outcome, or no longer exists is as wrong as one that fails without being listed.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path

#: From the best to the worst; of several results under one name the worst counts.
OUTCOMES = ["success", "compliant", "acceptable", "skipped", "deviation", "error", "critical"]

#: Outcomes that need no explanation.
PASSING = {"success", "compliant", "acceptable"}


@dataclasses.dataclass(frozen=True)
class Result:
    """One result of a judge."""

    check: str
    outcome: str
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Expectations:
    """What a file of expectations says."""

    #: Fewer checks than this that pass mean that the judge gave up early.
    passing_at_least: int
    #: The outcome of each check that may not pass.
    outcomes: dict[str, str]

    @staticmethod
    def read(path: Path) -> Expectations:
        """Read a file; one that is not well formed, or gives no reason, is an error."""
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = set(document) - {"passing-at-least", "not-passing"}
        if unknown:
            raise ValueError(f"{path.name}: unknown keys {sorted(unknown)}")
        outcomes: dict[str, str] = {}
        for entry in document.get("not-passing", []):
            if set(entry) != {"check", "outcome", "reason"}:
                raise ValueError(f"{path.name}: an entry has check, outcome and reason, and nothing else: {entry}")
            if entry["outcome"] not in OUTCOMES or entry["outcome"] in PASSING:
                raise ValueError(f"{path.name}: {entry['outcome']!r} is not an outcome that needs an entry: {entry}")
            if len(entry["reason"]) < 20:
                raise ValueError(f"{path.name}: the reason should say why the outcome is right: {entry}")
            if entry["check"] in outcomes:
                raise ValueError(f"{path.name}: {entry['check']} is listed twice")
            outcomes[entry["check"]] = entry["outcome"]
        return Expectations(document["passing-at-least"], outcomes)


def worst(results: Iterable[Result]) -> dict[str, Result]:
    """The result that counts for each check."""
    by_check: dict[str, Result] = {}
    for result in results:
        known = by_check.get(result.check)
        if known is None or OUTCOMES.index(result.outcome) > OUTCOMES.index(known.outcome):
            by_check[result.check] = result
    return by_check


def problems(results: Iterable[Result], expectations: Expectations) -> list[str]:
    """Everything in which the results differ from what is expected, one sentence each; none means all is well."""
    found = []
    by_check = worst(results)
    for check, result in by_check.items():
        expected = expectations.outcomes.get(check)
        if expected is None and result.outcome not in PASSING:
            found.append(f"{check}: {result.outcome}: {result.reason}")
        elif expected is not None and result.outcome in PASSING:
            found.append(f"{check}: passes now, and should no longer be listed as {expected}")
        elif expected is not None and result.outcome != expected:
            found.append(f"{check}: listed as {expected}, and is {result.outcome}: {result.reason}")
    for check, expected in expectations.outcomes.items():
        if check not in by_check:
            found.append(f"{check}: listed as {expected}, and there is no such check")
    passing = sum(result.outcome in PASSING for result in by_check.values())
    if passing < expectations.passing_at_least:
        found.append(f"only {passing} checks passed, expected are at least {expectations.passing_at_least}")
    return found
