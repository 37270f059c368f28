"""Ask Composer's own VersionParser and PHP's version_compare how made-up versions compare.

python -m tests.versions.truth.make_packagist > tests/versions/truth/packagist.txt
(needs php and composer/semver as Debian packages it)
"""

import subprocess

from tests.versions.truth.made import pairs, write

PARTS = [
    ["", "", "v"],
    [
        "1",
        "1.0",
        "1.0.0",
        "1.0.0.0",
        "1.2",
        "1.10",
        "01.2",
        "2.0.3.4",
        "2023.01.02",
        "20230102",
        "20230102.1",
        "1.x",
        "2.1.x",
        "99999",
        "123456",
    ],
    [
        "",
        "",
        "",
        "-dev",
        "-alpha",
        "-a1",
        "-alpha.2",
        "-beta",
        "b3",
        "-beta10",
        "-RC1",
        "-rc.2",
        "RC10",
        "-p1",
        "-patch2",
        "-pl.3",
        ".stable",
        "-stable",
        "@stable",
        "_beta_1",
        "-foo",
    ],
    ["", "", "", "", "-dev", "+build", "@beta", ".1"],
]
PROGRAM = """require '/usr/share/php/Composer/Semver/autoload.php';
$parser = new Composer\\Semver\\VersionParser();
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode(' ', trim($line));
    try {
        $a = $parser->normalize($a); $b = $parser->normalize($b);
        echo strpos($a . $b, 'dev-') !== false ? 'x' : version_compare($a, $b), "\\n";
    } catch (UnexpectedValueException $e) { echo "x\\n"; }
}"""


def main() -> None:
    """Print the truth."""
    asked = pairs(PARTS, 3600)
    answer = subprocess.run(
        ["php", "-r", PROGRAM],
        input="".join(f"{a} {b}\n" for a, b in asked),
        capture_output=True,
        check=True,
        text=True,
    )
    write(asked, [None if word == "x" else int(word) for word in answer.stdout.split()])


main()
