"""Ask Elixir's Version how made-up versions compare.

python -m tests.versions.truth.make_hex > tests/versions/truth/hex.txt
(needs elixir)
"""

import subprocess

from tests.versions.truth.made import pairs, write

PARTS = [
    ["0.0.0", "0.0.1", "1.2.3", "1.2.10", "1.10.2", "10.0.0", "1.2", "2.0.0"],
    [
        "",
        "",
        "-0",
        "-1",
        "-9",
        "-10",
        "-alpha",
        "-alpha.1",
        "-alpha.beta",
        "-beta.11",
        "-rc.1",
        "-rc1",
        "-dev",
        "-a-b",
        "-A",
    ],
    ["", "", "", "+build", "+001", "+a.b"],
]
PROGRAM = """
for line <- IO.stream(:stdio, :line) do
  [a, b] = String.split(line)
  case {Version.parse(a), Version.parse(b)} do
    {{:ok, a}, {:ok, b}} -> IO.puts(%{lt: -1, eq: 0, gt: 1}[Version.compare(a, b)])
    _ -> IO.puts("x")
  end
end
"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS)
    answer = subprocess.run(
        ["elixir", "-e", PROGRAM],
        input="".join(f"{a} {b}\n" for a, b in asked),
        capture_output=True,
        check=True,
        text=True,
    )
    write(asked, [None if word == "x" else int(word) for word in answer.stdout.split()])


main()
