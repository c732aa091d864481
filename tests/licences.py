#!/usr/bin/env python3
"""Checks the licence of every crate that the lock file names, without a network.

Each licence expression must be satisfiable with the licences below, all of which may be combined
with AGPL-3.0-or-later. Advisories need a database from the network and are not looked up here.
"""

import json
import re
import subprocess
import sys

ACCEPTED = {
    "0BSD", "AGPL-3.0-or-later", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause",
    "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "MPL-2.0",
    "Unicode-3.0", "Unlicense", "Zlib",
}  # fmt: skip


def satisfiable(expression: str) -> bool:
    """Whether an SPDX expression can be met with accepted licences alone."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either(at: int) -> tuple[bool, int]:
        met, at = both(at)
        while at < len(tokens) and tokens[at] == "OR":
            other, at = both(at + 1)
            met = met or other
        return met, at

    def both(at: int) -> tuple[bool, int]:
        met, at = one(at)
        while at < len(tokens) and tokens[at] == "AND":
            other, at = one(at + 1)
            met = met and other
        return met, at

    def one(at: int) -> tuple[bool, int]:
        if tokens[at] == "(":
            met, at = either(at + 1)
            return met, at + 1
        name, at = tokens[at], at + 1
        if at < len(tokens) and tokens[at] == "WITH":
            name, at = f"{name} WITH {tokens[at + 1]}", at + 2
        return name in ACCEPTED, at

    return either(0)[0]


def main() -> int:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    refused = [
        f"{package['name']} {package['version']}: {package['license'] or 'no licence named'}"
        for package in metadata["packages"]
        if not package["license"] or not satisfiable(package["license"])
    ]
    for line in refused:
        print(f"licence not accepted: {line}", file=sys.stderr)
    print(f"licences: {len(metadata['packages'])} crates, {len(refused)} not accepted")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
