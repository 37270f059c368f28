"""Ask Rust's semver crate how made-up versions compare (precedence: build metadata doesn't count).

python -m tests.versions.truth.make_crates > tests/versions/truth/crates.txt
(needs cargo, and its registry once)
"""

import subprocess
import tempfile
from pathlib import Path

from tests.versions.truth.made import pairs, write

PARTS = [
    ["0.0.0", "0.0.1", "1.2.3", "1.2.10", "1.10.2", "01.2.3", "1.2", "v1.2.3", "10.0.0", "18446744073709551615.0.0"],
    [
        "",
        "",
        "-0",
        "-1",
        "-01",
        "-9",
        "-10",
        "-alpha",
        "-alpha.1",
        "-alpha.beta",
        "-beta.11",
        "-rc.1",
        "-rc1",
        "-0a",
        "--",
        "-a-b",
        "-A",
        "-",
    ],
    ["", "", "", "+build", "+001", "+a.b", "+"],
]
PROGRAM = """use std::io::BufRead;
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut parts = line.split(' ').map(semver::Version::parse);
        match (parts.next().unwrap(), parts.next().unwrap()) {
            (Ok(a), Ok(b)) => println!("{}", a.cmp_precedence(&b) as i8),
            _ => println!("x"),
        }
    }
}
"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS, 3600)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "src").mkdir()
        Path(folder, "Cargo.toml").write_text(
            '[package]\nname="truth"\nversion="0.1.0"\nedition="2021"\n[dependencies]\nsemver="1"\n'
        )
        Path(folder, "src", "main.rs").write_text(PROGRAM)
        answer = subprocess.run(
            ["cargo", "run", "-q"],
            cwd=folder,
            input="".join(f"{a} {b}\n" for a, b in asked),
            capture_output=True,
            check=True,
            text=True,
        )
    write(asked, [None if word == "x" else int(word) for word in answer.stdout.split()])


main()
