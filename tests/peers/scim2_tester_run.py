"""Runs every check of scim2-tester against a server and compares the outcome with scim2-tester-expected.toml.

    SCIM_TOKEN=... python tests/peers/scim2_tester_run.py --url http://127.0.0.1:8080/t/acme/api/scim/v2

Leaves with 0 when the outcome is as expected, with 1 when it is not. It makes resources and deletes them again.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import re
import sys
from pathlib import Path

from expectation import Expectations, Result, problems, worst
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

EXPECTED = Path(__file__).with_name("scim2-tester-expected.toml")


def name(result: object) -> str:
    """A name for a check that is the same in every run: resource type, title, and the attribute it is about."""
    parts = f"{result.resource_type or 'Server'}/{result.title}"
    urn = result.data.get("urn") if isinstance(result.data, dict) else None
    if urn is None:
        # Checks that do not succeed may name their attribute only in the reason.
        quoted = re.search(r"'(urn:[^']+)'", result.reason or "")
        urn = quoted.group(1) if quoted else None
    return f"{parts} {urn}" if urn else parts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="the base URL of the SCIM service")
    parser.add_argument("--expected", type=Path, default=EXPECTED, help="the file of expectations")
    parser.add_argument("--verbose", action="store_true", help="print every result")
    arguments = parser.parse_args()
    expectations = Expectations.read(arguments.expected)

    # The judge picks some values at random; the same ones in every run.
    random.seed(7644)
    headers = {"Authorization": f"Bearer {os.environ['SCIM_TOKEN']}"}
    client = SyncSCIMClient(Client(base_url=arguments.url, headers=headers, timeout=30))
    results = [Result(name(r), r.status.name.lower(), r.reason or "") for r in check_server(client)]

    if arguments.verbose:
        for result in results:
            print(f"{result.outcome:<10} {result.check}: {result.reason}")
    counts = collections.Counter(result.outcome for result in worst(results).values())
    total = sum(counts.values())
    print(f"scim2-tester: {total} checks: " + ", ".join(f"{n} {outcome}" for outcome, n in counts.most_common()))
    found = problems(results, expectations)
    for problem in found:
        print(f"  not as expected: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
