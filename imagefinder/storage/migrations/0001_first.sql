-- Paths are the bytes of os.fsencode: what the system calls them, whether or not that is valid UTF-8.

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE folder (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    path     BLOB NOT NULL UNIQUE,
    state    TEXT NOT NULL CHECK (state IN ('new', 'indexed', 'offline')),
    excludes TEXT NOT NULL
) STRICT;

CREATE TABLE photo (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id   INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    relpath     BLOB NOT NULL,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    content_key BLOB NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    format      TEXT NOT NULL,
    taken_at    TEXT NOT NULL,
    camera      TEXT NOT NULL,
    colour      INTEGER NOT NULL,
    moment      TEXT NOT NULL, -- when it was taken or else last changed, local time: what "newest" goes by
    UNIQUE (folder_id, relpath)
) STRICT;

-- In the order of the table itself: a scan reads all of a root, and by path it would jump to and fro.
CREATE INDEX photo_by_folder ON photo (folder_id);

CREATE INDEX photo_by_moment ON photo (moment);

CREATE TABLE failure (
    folder_id INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    relpath   BLOB NOT NULL,
    size      INTEGER NOT NULL,
    mtime_ns  INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (folder_id, relpath)
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    dimension   INTEGER NOT NULL,
    spec        TEXT NOT NULL,
    precision   TEXT NOT NULL DEFAULT ''
) STRICT;

-- seq is the row's name in the Faiss index. AUTOINCREMENT: it grows and never comes back.
CREATE TABLE vector (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id  INTEGER NOT NULL REFERENCES photo ON DELETE CASCADE,
    model_id  INTEGER NOT NULL REFERENCES model,
    embedding BLOB NOT NULL, -- little-endian half floats, or bytes: see row_blobs.py
    UNIQUE (photo_id, model_id)
) STRICT;
