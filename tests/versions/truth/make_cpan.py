"""Ask Perl's version.pm how made-up versions compare.

python -m tests.versions.truth.make_cpan > tests/versions/truth/cpan.txt
(needs perl)
"""

import subprocess

from tests.versions.truth.made import pairs, write

PARTS = [
    ["", "", "v"],
    [
        "0",
        "1",
        "1.0",
        "1.5",
        "1.05",
        "1.005",
        "1.002003",
        "1.2.3",
        "1.2",
        "1.20",
        "1.10.1",
        "1.2.0",
        "10.0",
        "01.5",
        "1.23_04",
        "1.2.3_4",
        "5.036000",
    ],
    ["", "", "", "1", "0", ".1", ".0", "00"],
]
PROGRAM = """use version; while (<STDIN>) { my ($a, $b) = split;
  print version::is_lax($a) && version::is_lax($b) ? (version->parse($a) <=> version->parse($b)) : "x", "\\n"; }"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS)
    answer = subprocess.run(
        ["perl", "-e", PROGRAM],
        input="".join(f"{a} {b}\n" for a, b in asked),
        capture_output=True,
        check=True,
        text=True,
    )
    write(asked, [None if word == "x" else int(word) for word in answer.stdout.split()])


main()
