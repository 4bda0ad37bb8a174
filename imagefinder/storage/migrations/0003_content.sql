-- Files of one size and time that change places are told apart by these; 0 where the system does not say.
ALTER TABLE photo ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN inode INTEGER NOT NULL DEFAULT 0;

-- 1: content_key is a hash of the whole content. 0: of its length and three pieces of it, as in formats 1 and 2.
ALTER TABLE photo ADD COLUMN whole_key INTEGER NOT NULL DEFAULT 0 CHECK (whole_key IN (0, 1));

-- 1: its file was not there at the last scan, 2: nor was its folder, and nobody said that it is gone for good.
ALTER TABLE photo ADD COLUMN away INTEGER NOT NULL DEFAULT 0 CHECK (away IN (0, 1, 2));

CREATE INDEX photo_by_content ON photo (size, content_key);
CREATE INDEX photo_away ON photo (folder_id) WHERE away;

-- Uncompressed pictures, of which the older key says little.
CREATE INDEX photo_by_older_key ON photo (folder_id) WHERE NOT whole_key AND format IN ('BMP', 'TIFF', 'RAW');

-- 1: the photo is in the library all the same, as far as its file goes.
ALTER TABLE failure ADD COLUMN shown INTEGER NOT NULL DEFAULT 0 CHECK (shown IN (0, 1));

-- Folders below a root on which another file system was mounted when they were last seen (device), or which were roots
-- of their own before.
CREATE TABLE mount (
    folder_id INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    relpath   BLOB NOT NULL,
    device    INTEGER NOT NULL CHECK (device IN (0, 1)),
    PRIMARY KEY (folder_id, relpath)
) STRICT, WITHOUT ROWID;

-- Below these the name of the folder that a photo lies in is its label. The prefix ends with a separator; empty: all.
CREATE TABLE mark (
    folder_id INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    prefix    BLOB NOT NULL,
    PRIMARY KEY (folder_id, prefix)
) STRICT, WITHOUT ROWID;

INSERT INTO mark SELECT id, x'' FROM folder WHERE labelled;
ALTER TABLE folder DROP COLUMN labelled;

-- What left the library, kept for 30 days. Photos keep their ids, which are never given again.
CREATE TABLE removal (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL, -- seconds since 1970
    why      TEXT NOT NULL CHECK (why IN ('deleted', 'replaced', 'excluded', 'forgotten', 'trashed', 'folder')),
    root     BLOB NOT NULL,
    excludes TEXT NOT NULL,
    marks    TEXT NOT NULL -- JSON, the prefixes of its marks, in hexadecimal
) STRICT;

CREATE TABLE removed_photo (
    id          INTEGER PRIMARY KEY,
    removal_id  INTEGER NOT NULL REFERENCES removal ON DELETE CASCADE,
    relpath     BLOB NOT NULL,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    ctime_ns    INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    content_key BLOB NOT NULL,
    whole_key   INTEGER NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    format      TEXT NOT NULL,
    taken_at    TEXT NOT NULL,
    camera      TEXT NOT NULL,
    colour      INTEGER NOT NULL,
    moment      TEXT NOT NULL,
    label       TEXT,
    rejected    TEXT NOT NULL -- JSON, what the photo is not
) STRICT;

CREATE INDEX removed_by_content ON removed_photo (size, content_key);
CREATE INDEX removed_by_removal ON removed_photo (removal_id);

CREATE TABLE removed_vector (
    photo_id  INTEGER NOT NULL REFERENCES removed_photo ON DELETE CASCADE,
    model_id  INTEGER NOT NULL REFERENCES model,
    embedding BLOB NOT NULL,
    PRIMARY KEY (photo_id, model_id)
) STRICT;
