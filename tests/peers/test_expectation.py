"""The comparison of a judge's outcome with what is expected, held to both directions."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from expectation import Expectations, Result, problems

HERE = Path(__file__).parent


def read(text: str) -> Expectations:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "expected.toml"
        path.write_text(text, encoding="utf-8")
        return Expectations.read(path)


LISTED = """
passing-at-least = 1
[[not-passing]]
check = "User/put"
outcome = "error"
reason = "a reason of some length"
"""


class Comparison(unittest.TestCase):
    def found(self, *results: Result, text: str = LISTED) -> list[str]:
        return problems(results, read(text))

    def test_all_is_well_when_the_outcome_is_as_listed(self) -> None:
        self.assertEqual(self.found(Result("User/get", "success"), Result("User/put", "error")), [])

    def test_a_failure_that_is_not_listed_is_found(self) -> None:
        found = self.found(Result("a", "success"), Result("b", "error", "why"), text="passing-at-least = 1")
        self.assertEqual(found, ["b: error: why"])

    def test_a_skipped_check_that_is_not_listed_is_found(self) -> None:
        found = self.found(Result("a", "success"), Result("b", "skipped", "no PATCH"), text="passing-at-least = 1")
        self.assertEqual(found, ["b: skipped: no PATCH"])

    def test_a_listed_check_that_passes_is_found(self) -> None:
        found = self.found(Result("User/put", "success"))
        self.assertEqual(found, ["User/put: passes now, and should no longer be listed as error"])

    def test_a_listed_check_with_another_outcome_is_found(self) -> None:
        found = self.found(Result("a", "success"), Result("User/put", "critical", "why"))
        self.assertEqual(found, ["User/put: listed as error, and is critical: why"])

    def test_a_listed_check_that_is_gone_is_found(self) -> None:
        found = self.found(Result("a", "success"))
        self.assertEqual(found, ["User/put: listed as error, and there is no such check"])

    def test_the_worst_of_several_results_under_one_name_counts(self) -> None:
        results = [Result("a", "success"), Result("a", "error", "once"), Result("a", "success")]
        self.assertIn("a: error: once", self.found(*results, text="passing-at-least = 0"))

    def test_a_judge_that_gave_up_early_is_found(self) -> None:
        found = self.found(Result("a", "success"), text="passing-at-least = 2")
        self.assertEqual(found, ["only 1 checks passed, expected are at least 2"])

    def test_entries_without_a_reason_or_with_a_passing_outcome_are_refused(self) -> None:
        for text in (
            LISTED.replace("a reason of some length", "yes"),
            LISTED.replace('"error"', '"success"'),
            LISTED.replace('reason = "a reason of some length"', ""),
            LISTED + LISTED.partition("\n[[")[1][1:] + LISTED.partition("[[")[2],
            LISTED.replace("passing-at-least", "passing"),
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                read(text)

    def test_the_file_in_the_repository_is_well_formed(self) -> None:
        self.assertGreater(Expectations.read(HERE / "scim2-tester-expected.toml").passing_at_least, 0)


if __name__ == "__main__":
    unittest.main()
