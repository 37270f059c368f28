"""Ask golang.org/x/mod/semver how made-up versions compare.

python -m tests.versions.truth.make_go > tests/versions/truth/go.txt
(needs go and golang.org/x/mod in its module cache)
"""

import subprocess
import tempfile
from pathlib import Path

from tests.versions.truth.made import pairs, write

PARTS = [
    ["v0.0.0", "v0.0.1", "v1", "v1.2", "v1.2.0", "v1.2.3", "v1.2.10", "v1.10.2", "v2.0.0", "v01.2.3", "v10.0.0"],
    [
        "",
        "",
        "-0",
        "-1",
        "-01",
        "-alpha",
        "-alpha.1",
        "-beta.2",
        "-rc.1",
        "-rc.10",
        "-rc1",
        "-0.20190101000000-abcdef123456",
        "-0.20230102030405-abcdef123456",
        "-pre.0.20230102030405-abcdef123456",
        "-20180917221912-90fa682c2a6e",
        "-a-b",
        "-A",
    ],
    ["", "", "", "+incompatible", "+incompatible", "+build.1", "+dirty"],
]
PROGRAM = """package main
import ("bufio"; "fmt"; "os"; "strings"; "golang.org/x/mod/semver")
func main() {
	for s := bufio.NewScanner(os.Stdin); s.Scan(); {
		p := strings.Fields(s.Text())
		if semver.IsValid(p[0]) && semver.IsValid(p[1]) {
			fmt.Println(semver.Compare(p[0], p[1]))
		} else { fmt.Println("x") }
	}
}
"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "go.mod").write_text("module truth\ngo 1.21\nrequire golang.org/x/mod v0.37.0\n")
        Path(folder, "main.go").write_text(PROGRAM)
        answer = subprocess.run(
            ["go", "run", "-mod=mod", "."],
            cwd=folder,
            input="".join(f"{a} {b}\n" for a, b in asked),
            capture_output=True,
            check=True,
            text=True,
        )
    write(asked, [None if word == "x" else int(word) for word in answer.stdout.split()])


main()
