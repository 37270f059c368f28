"""Well-known programs that were installed without a package manager, by the version that is in the file.

The words are those that each program prints for `--version` or sends to clients, so they are in every build of it.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from pratique.model.inventory import PackageType
from pratique.scan.found import Found


class Program(NamedTuple):
    """A program: its files' names, and where its version stands in them."""

    name: str
    file: re.Pattern[str]
    version: re.Pattern[bytes]


def _program(name: str, file: str, version: bytes) -> Program:
    return Program(name, re.compile(file), re.compile(version))


_PYTHON = r"libpython\d\.\d+[a-z]*\.so[\d.]*|python\d\.\d+[a-z]*"
_NUMBER = rb"(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:[a-z]\b|[-.]?(?:rc|beta|alpha|a|b|RC)\d{1,3})?)"
# Redis joins its version, the builder's host, a time in seconds or finer, whether git was dirty, and the commit.
_REDIS = rb"(\d\.\d{1,2}\.\d{1,2}?)(?:(?:[0-9a-f]{12}|[a-z][a-z\-_.]{1,60})-)?1\d{9,18}\d[0-9a-f]{8}\0"
PROGRAMS = (
    _program(
        "python",
        r"libpython\d\.\d+[a-z]*\.so[\d.]*|python\d\.\d+[a-z]*",
        rb"\0(\d\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d+)?\+?)\0",
    ),
    _program("node", r"node", rb"node\.js/v(\d+\.\d+\.\d+)"),
    _program("nginx", r"nginx(?:-debug)?", rb"nginx/" + _NUMBER + rb"\0"),
    _program("redis", r"redis-server|redis-check-(?:rdb|aof)", _REDIS),
    _program("openssl", r"openssl|libcrypto\.so[\d.]*", rb"OpenSSL (\d\.\d+\.\d+[a-z]{0,2}(?:-[a-z]+\d*)?) "),
    _program("busybox", r"busybox|\[", rb"BusyBox v(\d+\.\d+\.\d+)"),
    _program(
        "php", r"php[\d.]*|php-fpm\d*|libphp\d*\.so", rb"X-Powered-By: PHP/(\d+\.\d+\.\d+(?:RC\d+|beta\d+|alpha\d+)?)"
    ),
    _program("httpd", r"httpd|apache2", rb"Apache/(\d+\.\d+\.\d+)"),
    _program("postgresql", r"postgres", rb"postgres \(PostgreSQL\) (\d+(?:\.\d+){1,2}|\d+(?:beta|rc)\d+)"),
    _program("haproxy", r"haproxy", rb" version (\d+\.\d+(?:\.\d+)?)[-\w.+~]{0,60}, released \d{4}/"),
    _program("memcached", r"memcached", rb"memcached (\d+\.\d+\.\d+)"),
    _program("ruby", r"ruby|libruby[-\w.]*\.so[\d.]*", rb"ruby (\d\.\d+\.\d+)(?:p\d+|preview\d+|rc\d+|dev)? ?\("),
)
_NAMES = re.compile("|".join(f"(?:{program.file.pattern})" for program in PROGRAMS))


def known(path: str) -> bool:
    """Whether the file has the name of such a program."""
    return _NAMES.fullmatch(path.rpartition("/")[2]) is not None


def parse(path: str, parts: Iterable[bytes]) -> Found | None:
    """The program with its version, None where none stands in these parts of it."""
    file = path.rpartition("/")[2]
    parts = tuple(parts)
    for program in PROGRAMS:
        if program.file.fullmatch(file):
            for part in parts:
                if match := program.version.search(part):
                    version = next(group for group in match.groups() if group)
                    return Found(PackageType.GENERIC, program.name, version.decode())
    return None
