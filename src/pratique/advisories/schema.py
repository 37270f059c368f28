"""The layout of the advisory file: what its header says, its tables, and how rows are encoded.

Rows are msgpack: an advisory without its packages once, and one row for each (package, advisory) pair. Tables that are
asked by name are clustered by it (WITHOUT ROWID), so that a lookup reads the few pages that hold its answer.
"""

import msgspec

from pratique.model.advisory import Advisory, Affected

APPLICATION_ID = 0x50524154  # "PRAT", at offset 68 of the file (SQLite file format, 1.3)
VERSION = 2  # at offset 60; a file of another version is built anew, never migrated

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (number INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE affected (ecosystem TEXT, name TEXT, number INTEGER, body BLOB NOT NULL,
                       PRIMARY KEY (ecosystem, name, number)) WITHOUT ROWID;
CREATE TABLE alias (name TEXT, number INTEGER, PRIMARY KEY (name, number)) WITHOUT ROWID;
CREATE TABLE priority (name TEXT PRIMARY KEY, epss REAL, kev INTEGER NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX advisory_by_id ON advisory (id);
CREATE INDEX affected_by_number ON affected (number);
"""

ENCODER = msgspec.msgpack.Encoder()
ADVISORY = msgspec.msgpack.Decoder(Advisory)
AFFECTED = msgspec.msgpack.Decoder(tuple[Affected, ...])
