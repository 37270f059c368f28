"""Ask rpm how made-up versions compare.

python -m tests.versions.truth.make_rpm > tests/versions/truth/rpm.txt
(needs rpm; 4.18 made the file)
"""

import re
import subprocess
import tempfile

from tests.versions.truth.made import pairs, scrambled, write

PARTS = [
    ["", "", "0:", "1:", "2:"],
    ["1", "1.0", "1.00", "1.10", "1.2", "01.2", "1.0a", "1a", "1.0.", "2.4.37", "20230311", "1_2", "1.el8"],
    ["", "", "", "~", "~rc1", "~rc10", "~~", "^", "^git1", "^20230101", "+dfsg", ".0", "a", "^~", "~^", "rc1"],
    [
        "-1",
        "-1",
        "-2",
        "-10",
        "-0.1",
        "-1.el8",
        "-1.el8_6.1",
        "-1.el9",
        "-43.module_el8.5.0",
        "-1.azl3",
        "-1~",
        "-1^",
        "-01",
    ],
    ["", "", "", ".1", ".2", "_1", ".alma.1", ".a"],
]
LUA = "for l in io.lines('{}') do local a,b=l:match('(%S+) (%S+)') print(rpm.vercmp(a,b)) end"
SOUND = re.compile(r"([0-9]+:)?[A-Za-z0-9._+~^]+(-[A-Za-z0-9._+~^]+)?")


def main() -> None:
    """Print the truth."""
    asked = [
        (a, b) for a, b in pairs(PARTS) + scrambled("0012359~~^^+..abzAZ-") if SOUND.fullmatch(a) and SOUND.fullmatch(b)
    ]
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("".join(f"{a} {b}\n" for a, b in asked))
        file.flush()
        command = ["rpm", "--eval", "%{lua: " + LUA.format(file.name) + "}"]
        answer = subprocess.run(command, capture_output=True, check=True, text=True)
    write(asked, map(int, re.findall(r"-1|0|1", answer.stdout)))  # rpm prints no spaces between them


main()
