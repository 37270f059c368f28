"""Ask Gem::Version how made-up versions compare.

python -m tests.versions.truth.make_rubygems > tests/versions/truth/rubygems.txt
(needs ruby)
"""

import subprocess

from tests.versions.truth.made import pairs, scrambled, write

PARTS = [
    ["0", "1", "1.0", "1.0.0", "1.2", "1.10", "01.2", "1.0.1", "2.0", "7.0.4.3"],
    [
        "",
        "",
        "",
        ".a",
        ".b1",
        ".pre",
        ".pre1",
        ".rc1",
        ".rc.1",
        ".rc.10",
        "-1",
        "-java",
        ".0.a",
        ".a.0",
        ".a.0.b",
        ".beta2",
        "-x86.1",
        ".A",
    ],
    ["", "", "", ".0", ".1", ".10", ".0.1", ".00"],
]
PROGRAM = """STDIN.each_line do |l|
  a, b = l.split
  puts Gem::Version.correct?(a) && Gem::Version.correct?(b) ? Gem::Version.new(a) <=> Gem::Version.new(b) : "x"
end"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS) + scrambled("0012.....ab-Zp")
    asked = [(a, b) for a, b in asked if a and b]
    answer = subprocess.run(
        ["ruby", "-e", PROGRAM],
        input="".join(f"{a} {b}\n" for a, b in asked),
        capture_output=True,
        check=True,
        text=True,
    )
    write(asked, [None if word == "x" else int(word) for word in answer.stdout.split()])


main()
