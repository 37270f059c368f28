"""Ask github.com/bitnami/go-version how made-up versions compare.

python -m tests.versions.truth.make_bitnami > tests/versions/truth/bitnami.txt
(needs go, and its module proxy once)
"""

import subprocess
import tempfile
from pathlib import Path

from tests.versions.truth.made import pairs, write

PARTS = [
    ["0.0.1", "1", "1.2", "1.2.0", "1.2.3", "1.2.10", "1.10.2", "01.2.3", "10.0.0"],
    ["", "", "", "-0", "-1", "-2", "-10", "-01", "-rc.1", "-rc.10", "-alpha", "-beta.1", "-rc1"],
    ["", "", "", "+build"],
]
PROGRAM = """package main
import ("bufio"; "fmt"; "os"; "strings"; "github.com/bitnami/go-version/pkg/version")
func main() {
	for s := bufio.NewScanner(os.Stdin); s.Scan(); {
		p := strings.Fields(s.Text())
		a, errA := version.Parse(p[0])
		b, errB := version.Parse(p[1])
		if errA == nil && errB == nil { fmt.Println(a.Compare(b)) } else { fmt.Println("x") }
	}
}
"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS, 4800)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "go.mod").write_text("module truth\ngo 1.21\n")
        Path(folder, "main.go").write_text(PROGRAM)
        subprocess.run(
            ["go", "get", "github.com/bitnami/go-version@latest"], cwd=folder, capture_output=True, check=True
        )
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
