"""Laws of matching and judging that hold for any packages and any records."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pratique.judge.match import match, match_all
from pratique.judge.policy import DEFAULT
from pratique.judge.verdict import judge
from pratique.model.advisory import Advisory, Affected, Range, Severity
from pratique.model.digest import digest_of
from pratique.model.inventory import Package
from tests.judge.making import BOOKWORM, Advisories, deb, image_of, npm, pypi

MAKERS: dict[str, Callable[[str, str], Package]] = {"Debian:12": deb, "PyPI": pypi, "npm": npm}

ecosystems = st.sampled_from(sorted(MAKERS))
package_names = st.sampled_from(["a", "b"])
good_versions = st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3)
any_versions = good_versions | st.sampled_from(["", "0", "not a version", "é", "1" * 2000])
ranges = st.builds(Range, st.just("0") | any_versions, st.just("") | any_versions) | st.builds(
    Range, introduced=any_versions, last=any_versions
)
vulnerabilities = st.sampled_from([f"CVE-2024-{n}" for n in range(3)] + ["GHSA-a", "GHSA-b", "DSA-1"])
records = st.builds(
    Advisory,
    id=vulnerabilities,
    source=st.sampled_from("xy"),
    aliases=st.lists(vulnerabilities, max_size=2).map(tuple),
    severity=st.sampled_from(Severity),
    score=st.none() | st.sampled_from([1.0, 5.0]),
    affected=st.lists(
        st.builds(
            Affected, ecosystems, package_names, st.lists(ranges, max_size=3).map(tuple),
            st.lists(any_versions, max_size=2).map(tuple), st.sampled_from(Severity),
        ),
        min_size=1, max_size=2,
    ).map(tuple),
)  # fmt: skip


def _package(ecosystem: str, name: str, version: str) -> Package:
    return MAKERS[ecosystem](name, version)


packages = st.builds(_package, ecosystems, package_names, any_versions)


@given(st.lists(packages, max_size=5), st.lists(records, max_size=8), st.integers())
def test_the_order_of_packages_and_records_does_not_matter(
    installed: list[Package], known: list[Advisory], seed: int
) -> None:
    result = match_all(image_of(*installed, distro=BOOKWORM), Advisories(known))
    shuffle = random.Random(seed).sample
    mixed = image_of(*shuffle(installed, len(installed)), distro=BOOKWORM)
    assert match_all(mixed, Advisories(shuffle(known, len(known)))) == result


@given(st.lists(packages, max_size=5), st.lists(records, max_size=8))
def test_a_record_more_never_hides_a_vulnerable_package(installed: list[Package], known: list[Advisory]) -> None:
    image = image_of(*installed, distro=BOOKWORM)
    fewer = {one.package for one in match(image, Advisories(known[1:]))}
    assert fewer <= {one.package for one in match(image, Advisories(known))}


@given(st.lists(packages, max_size=5), st.lists(records, max_size=8))
def test_judging_is_a_function_of_its_arguments(installed: list[Package], known: list[Advisory]) -> None:
    image = image_of(*installed, distro=BOOKWORM)
    result = match_all(image, Advisories(known))
    now, digest = datetime(2026, 6, 30, tzinfo=UTC), digest_of(b"")
    verdicts = [judge(DEFAULT, None, image, result.findings, digest, now, result.unmatched) for _ in range(2)]
    assert msgspec.json.encode(verdicts[0]) == msgspec.json.encode(verdicts[1])
    assert bool(verdicts[0].reasons) == bool(result.findings or result.unmatched)


def _with_fixed(ecosystem: str, fixed: str) -> Advisories:
    return Advisories([Advisory("CVE-2024-1", affected=(Affected(ecosystem, "a", (Range("0", fixed),)),))])


@given(ecosystems, good_versions, good_versions, good_versions)
def test_a_later_fix_never_removes_a_finding(ecosystem: str, version: str, one: str, other: str) -> None:
    sooner, later = sorted((one, other), key=lambda text: [int(part) for part in text.split(".")])
    image = image_of(_package(ecosystem, "a", version), distro=BOOKWORM)
    if match(image, _with_fixed(ecosystem, sooner)):
        assert match(image, _with_fixed(ecosystem, later))


@given(ecosystems, good_versions, good_versions)
def test_a_package_updated_to_the_first_fix_is_mended(ecosystem: str, version: str, fixed: str) -> None:
    advisories = _with_fixed(ecosystem, fixed)
    for found in match(image_of(_package(ecosystem, "a", version), distro=BOOKWORM), advisories):
        mended = _package(ecosystem, "a", found.fix_versions[0])
        assert match(image_of(mended, distro=BOOKWORM), advisories) == ()


@given(st.lists(records, max_size=8), ecosystems, any_versions)
def test_a_vulnerability_is_found_once_per_package(known: list[Advisory], ecosystem: str, version: str) -> None:
    found = match(image_of(_package(ecosystem, "a", version), distro=BOOKWORM), Advisories(known))
    assert len({one.key for one in found}) == len(found)
    assert all(one.evidence for one in found)
    assert all(one.id not in one.aliases for one in found)
