-- One image manifest for one platform, by digest. `document` is the whole model.Image as JSON.
CREATE TABLE images (
    digest   TEXT PRIMARY KEY,
    document BLOB NOT NULL,
    layers   INTEGER NOT NULL,
    platform TEXT NOT NULL,
    seen_at  TEXT NOT NULL
) WITHOUT ROWID;

-- Every layer prefix of every image: two images share a base exactly where they share a chain id (OCI config.md).
CREATE TABLE chains (
    chain    TEXT NOT NULL,
    image    TEXT NOT NULL REFERENCES images (digest),
    position INTEGER NOT NULL,
    PRIMARY KEY (chain, image)
) WITHOUT ROWID;

-- What each tag names now, and what it named before.
CREATE TABLE tags (
    name    TEXT NOT NULL,
    tag     TEXT NOT NULL,
    digest  TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (name, tag)
) WITHOUT ROWID;
CREATE INDEX tags_by_digest ON tags (digest);
CREATE TABLE tag_history (
    name    TEXT NOT NULL,
    tag     TEXT NOT NULL,
    digest  TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (name, tag, digest)
) WITHOUT ROWID;
CREATE INDEX tag_history_by_digest ON tag_history (digest);

-- What is in an image.
CREATE TABLE inventories (
    image    TEXT PRIMARY KEY,
    document BLOB NOT NULL
) WITHOUT ROWID;

-- What the newest advisories say of it, one row a finding, with all its names in `finding_names`.
CREATE TABLE findings (
    image    TEXT NOT NULL,
    position INTEGER NOT NULL,
    id       TEXT NOT NULL,
    severity INTEGER NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (image, position)
) WITHOUT ROWID;
CREATE TABLE finding_names (
    name  TEXT NOT NULL,
    image TEXT NOT NULL,
    PRIMARY KEY (name, image)
) WITHOUT ROWID;

-- Every verdict that was given, so that it can be shown and replayed; the newest is the last, whatever clocks said.
CREATE TABLE verdicts (
    position          INTEGER PRIMARY KEY AUTOINCREMENT,
    image             TEXT NOT NULL,
    policy_digest     TEXT NOT NULL,
    advisories_digest TEXT NOT NULL,
    judged_at         TEXT NOT NULL,
    outcome           TEXT NOT NULL,
    document          BLOB NOT NULL,
    UNIQUE (image, judged_at, policy_digest, advisories_digest)
);

-- Who is built on whom.
CREATE TABLE lineage (
    image       TEXT PRIMARY KEY,
    base_name   TEXT NOT NULL,
    base_tag    TEXT NOT NULL,
    base_digest TEXT NOT NULL,
    evidence    TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX lineage_by_base ON lineage (base_name, base_tag);

-- How a tag's image is built from source, where we know it.
CREATE TABLE definitions (
    name     TEXT NOT NULL,
    tag      TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (name, tag)
) WITHOUT ROWID;

-- What we made ourselves: which image, from which, for which new base, and what became of it.
CREATE TABLE rebuilds (
    new      TEXT NOT NULL,
    old      TEXT NOT NULL,
    new_base TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (new, old)
) WITHOUT ROWID;

-- What happened, in order.
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    journey  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    message  TEXT NOT NULL,
    UNIQUE (journey, kind, subject, message)
);
