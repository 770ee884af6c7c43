"""A short life of a user and a group, led through the command line of scim2-cli.

    SCIM_TOKEN=... python tests/peers/scim2_cli_run.py --url http://127.0.0.1:8080/t/acme/api/scim/v2

Each command runs as a program of its own, as an administrator would type it; what is asserted is its exit code and what
it prints. Leaves with 0 when every step went as it should, with 1 at the first that did not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Unexpected(Exception):
    """A step that did not go as it should."""


class Scim:
    """The command line, pointed at one server."""

    def __init__(self, url: str, token: str) -> None:
        self.program = Path(sys.executable).with_name("scim2")
        # The token goes by the environment: other users of a machine can read command lines.
        headers = f"Authorization: Bearer {token}"
        self.environment = os.environ | {"SCIM_CLI_URL": url, "SCIM_CLI_HEADERS": headers, "NO_COLOR": "1"}
        self.steps = 0

    def __call__(self, *arguments: str, stdin: object = None, fails: bool = False) -> object:
        """Run one command; what it printed, as JSON where it is JSON."""
        self.steps += 1
        shown = "scim2 " + " ".join(arguments)
        done = subprocess.run(
            [self.program, *arguments],
            input="" if stdin is None else json.dumps(stdin),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        print(f"  {shown}: exit {done.returncode}")
        if (done.returncode != 0) != fails:
            expected = "fail" if fails else "succeed"
            raise Unexpected(f"`{shown}` should {expected}; it printed:\n{done.stdout}{done.stderr}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.stdout + done.stderr


def same(what: str, found: object, expected: object) -> None:
    """Fail with a sentence when two things differ."""
    if found != expected:
        raise Unexpected(f"{what} should be {expected!r}, and is {found!r}")


def life(scim: Scim) -> None:
    """Create, find, change, replace, put in a group, delete."""
    before = scim("query", "user", "--count", "0")["totalResults"]

    ann = scim(
        "create",
        "user",
        stdin={
            "schemas": [USER, ENTERPRISE],
            "userName": "Ann.Oere@cli.test",
            "name": {"givenName": "Ann", "familyName": "Øre"},
            "emails": [{"value": "ann.oere@cli.test", "type": "work", "primary": True}],
            "active": True,
            ENTERPRISE: {"department": "Tools"},
        },
    )
    same("the user name", ann["userName"], "Ann.Oere@cli.test")
    same("the location's end", ann["meta"]["location"].rsplit("/", 2)[1:], ["Users", ann["id"]])

    refused = scim("create", "user", "--user-name", "ANN.OERE@CLI.TEST", fails=True)
    same("a second user of that name is refused as 409", "409" in str(refused) or "uniq" in str(refused).lower(), True)

    same("the user count", scim("query", "user", "--count", "0")["totalResults"], before + 1)
    found = scim("query", "user", "--filter", 'userName eq "ann.oere@cli.test"')
    same("the ids found by name", [user["id"] for user in found["Resources"]], [ann["id"]])
    found = scim("query", "user", "--filter", 'emails[type eq "work" and value ew "@cli.test"] and active eq true')
    same("the ids found by e-mail", [user["id"] for user in found["Resources"]], [ann["id"]])
    scim("query", "user", "--filter", "userName eq", fails=True)

    changed = scim("modify", "user", ann["id"], "replace", "name.familyName", "Åse", "add", "title", "Toolmaker")
    if not isinstance(changed, dict):
        changed = scim("query", "user", ann["id"])
    same("the name after a PATCH", changed["name"], {"givenName": "Ann", "familyName": "Åse"})
    same("the title after a PATCH", changed["title"], "Toolmaker")
    scim("modify", "user", ann["id"], "remove", "title")
    same("a removed title", "title" in scim("query", "user", ann["id"]), False)

    replaced = scim(
        "replace",
        "user",
        stdin={"schemas": [USER], "id": ann["id"], "userName": "Ann.Oere@cli.test", "active": False},
    )
    same("active after a PUT", replaced["active"], False)
    same("e-mails after a PUT without them", "emails" in replaced, False)

    group = scim(
        "create",
        "group",
        stdin={"schemas": [GROUP], "displayName": "Toolmakers", "members": [{"value": ann["id"]}]},
    )
    same("the members of the group", [member["value"] for member in group["members"]], [ann["id"]])
    groups = scim("query", "user", ann["id"]).get("groups", [])
    same("the groups of the user", [group["value"] for group in groups], [group["id"]])
    scim("modify", "group", group["id"], "remove", f'members[value eq "{ann["id"]}"]')
    same("members after their removal", scim("query", "group", group["id"]).get("members", []), [])

    searched = scim("search", "--filter", f'displayName eq "Toolmakers" and id eq "{group["id"]}"')
    same("the ids found by /.search", [one["id"] for one in searched["Resources"]], [group["id"]])

    scim("delete", "group", group["id"])
    scim("delete", "user", ann["id"])
    scim("query", "user", ann["id"], fails=True)
    scim("delete", "user", ann["id"], fails=True)
    same("the user count in the end", scim("query", "user", "--count", "0")["totalResults"], before)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="the base URL of the SCIM service")
    scim = Scim(parser.parse_args().url, os.environ["SCIM_TOKEN"])
    try:
        life(scim)
    except (Unexpected, KeyError) as unexpected:
        print(f"scim2-cli: not as expected: {unexpected!s}")
        return 1
    print(f"scim2-cli: {scim.steps} commands, all as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
