"""Ask maven-artifact's ComparableVersion how made-up versions compare.

python -m tests.versions.truth.make_maven > tests/versions/truth/maven.txt
(needs java and Debian's Maven; 3.8.7 made the file)

Maven's comparison has cycles once release words (`sp`, unknown ones) stand after a dot and lists after a dash, so the
parts below keep to what projects publish: numbers, then one qualifier with its number, then perhaps a second.
"""

import re
import subprocess

from tests.versions.truth.made import pairs, write

PARTS = [
    ["1", "1.0", "1.0.0", "1.1", "1.10", "01.2", "2.0.1", "1.0.0.1", "20230102", "5.3.27"],
    [
        "",
        "",
        "",
        "-alpha",
        "-alpha-1",
        "-a1",
        ".Alpha2",
        "-beta-2",
        "b10",
        "-M1",
        "-m2",
        ".M10",
        "-rc1",
        "-RC-2",
        ".RC10",
        "-CR3",
        ".cr1",
        "-SNAPSHOT",
        ".Final",
        "-ga",
        ".RELEASE",
        "-final",
        "-sp",
        "-sp1",
        ".SP2",
        "-jre",
        "-jre8",
        "-android",
        "-foo",
        "-1",
        "-2",
        "-10",
    ],
    ["", "", "", "", "-SNAPSHOT", "-1", "-2", ".0"],
]
JARS = "/usr/share/maven/lib/maven-artifact-3.x.jar:/usr/share/java/commons-lang3.jar"
CLASS = "org.apache.maven.artifact.versioning.ComparableVersion"
CYCLIC = re.compile(r"(final|ga|release)-snapshot", re.IGNORECASE)  # above every unknown word, though below the release
SIGNS = {"<": -1, "==": 0, ">": 1}


def main() -> None:
    """Print the truth."""
    asked = [pair for pair in pairs(PARTS) if not any(CYCLIC.search(version) for version in pair)]
    words = [word for pair in asked for word in pair]
    answer = subprocess.run(["java", "-cp", JARS, CLASS, *words], capture_output=True, check=True, text=True)
    between = [SIGNS[sign] for sign in re.findall(r"^   \S+ (<|==|>) \S+$", answer.stdout, re.MULTILINE)]
    write(asked, between[::2])  # it compares each with the one before; every second is a pair of ours


main()
