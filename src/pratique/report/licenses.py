"""Which licence strings are SPDX's own: packages say what they like, and SBOM formats want to know the difference."""

import re

# The ids (spdx.org/licenses) that packages of Debian, Alpine, PyPI and npm really declare; others are named, not lost.
IDS = frozenset(
    """
    0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-2.0
    Beerware BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-4-Clause BSL-1.0
    bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1 CPL-1.0 curl EPL-1.0 EPL-2.0
    EUPL-1.2 FSFAP FTL GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3-only GFDL-1.3-or-later GPL-1.0-only GPL-1.0-or-later
    GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later HPND ICU IJG ISC JSON LGPL-2.0-only LGPL-2.0-or-later
    LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later Libpng libtiff MirOS MIT MIT-0 MPL-1.1 MPL-2.0
    MS-PL NCSA NTP OFL-1.1 OLDAP-2.8 OpenSSL PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 Ruby Sleepycat
    TCL Unicode-3.0 Unlicense UPL-1.0 Vim W3C WTFPL X11 Zlib zlib-acknowledgement ZPL-2.1
    """.split()  # noqa: SIM905 - eighty quoted words would be harder to read
)
_JOINED = re.compile(r" (?:AND|OR) ")


def is_expression(text: str) -> bool:
    """Whether `text` is a flat SPDX expression of ids that we know (`MIT`, `MIT OR Apache-2.0`)."""
    return all(part in IDS for part in _JOINED.split(text))
