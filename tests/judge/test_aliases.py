"""Which records speak of one vulnerability."""

from hypothesis import given
from hypothesis import strategies as st

from pratique.judge.aliases import Group, group
from pratique.model.advisory import Advisory

_NAMES = st.sampled_from(["CVE-2024-1", "CVE-2024-2", "GHSA-a", "GHSA-b", "PYSEC-1", "DSA-1"])
_RECORDS = st.builds(Advisory, id=_NAMES, source=st.sampled_from("xy"), aliases=st.lists(_NAMES, max_size=3).map(tuple))


def grouped(*records: Advisory) -> list[tuple[str, list[str]]]:
    return [(one.id, [record.id for record in one.advisories]) for one in group(records)]


def test_records_that_share_a_name_are_one_vulnerability_called_by_its_cve() -> None:
    [one] = group([Advisory("PYSEC-1", aliases=("CVE-2024-1",)), Advisory("GHSA-a", aliases=("CVE-2024-1",))])
    assert (one.id, one.aliases) == ("CVE-2024-1", ("GHSA-a", "PYSEC-1"))


def test_names_join_through_other_records() -> None:
    chain = (
        Advisory("PYSEC-1", aliases=("GHSA-a",)),
        Advisory("GHSA-b", aliases=("CVE-2024-1",)),
        Advisory("GHSA-a", aliases=("GHSA-b",)),
    )
    assert grouped(*chain) == [("CVE-2024-1", ["GHSA-a", "GHSA-b", "PYSEC-1"])]


def test_a_distributions_id_holds_its_cve() -> None:
    assert grouped(Advisory("DEBIAN-CVE-2024-1"), Advisory("UBUNTU-CVE-2024-1"), Advisory("CVE-2024-2")) == [
        ("CVE-2024-1", ["DEBIAN-CVE-2024-1", "UBUNTU-CVE-2024-1"]),
        ("CVE-2024-2", ["CVE-2024-2"]),
    ]


def test_without_a_cve_the_record_gives_its_name() -> None:
    assert grouped(Advisory("PYSEC-1", aliases=("GHSA-a",))) == [("PYSEC-1", ["PYSEC-1"])]


def test_a_bulletin_is_evidence_for_each_of_its_cves_and_joins_none() -> None:
    bulletin = Advisory("DSA-1", aliases=("CVE-2024-1", "CVE-2024-2"))
    found = group([bulletin, Advisory("DEBIAN-CVE-2024-1")])
    assert [(one.id, one.aliases) for one in found] == [
        ("CVE-2024-1", ("DEBIAN-CVE-2024-1", "DSA-1")),
        ("CVE-2024-2", ("DSA-1",)),
    ]


@given(st.lists(_RECORDS, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records: list[Advisory], random: st.DataObject) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group(records) == group(shuffled)


@given(st.lists(_RECORDS, max_size=8))
def test_every_record_is_in_a_group_and_every_name_leads_to_it(records: list[Advisory]) -> None:
    found = group(records)
    assert len({one.id for one in found}) == len(found)
    for record in records:
        groups = [one for one in found if record in one.advisories]
        assert groups
        assert all(set(_called(one)) & {record.id, *record.aliases} for one in groups)


def _called(one: Group) -> tuple[str, ...]:
    return (one.id, *one.aliases)
