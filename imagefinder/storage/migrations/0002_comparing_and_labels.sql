-- What a library subtracts from the embeddings of a model before it compares them. Pinned: see centre_table.py.
CREATE TABLE centre (
    model_id INTEGER PRIMARY KEY REFERENCES model ON DELETE CASCADE,
    count    INTEGER NOT NULL, -- how many rows it was made of
    last_seq INTEGER NOT NULL, -- the newest of them
    mean     BLOB NOT NULL     -- their shrunk mean, little-endian single floats
) STRICT;

-- The library's own choice; NULL follows the model's record, which may be written anew by whoever brings the model.
ALTER TABLE model ADD COLUMN compare TEXT CHECK (compare IN ('cosine', 'hash', 'hash-rerank'));
ALTER TABLE model ADD COLUMN centred INTEGER CHECK (centred IN (0, 1));

-- 1: the name of the folder that a photo lies in is its label.
ALTER TABLE folder ADD COLUMN labelled INTEGER NOT NULL DEFAULT 0 CHECK (labelled IN (0, 1));

CREATE TABLE label (
    photo_id INTEGER PRIMARY KEY REFERENCES photo ON DELETE CASCADE,
    name     TEXT NOT NULL
) STRICT;

-- What a photo is not, as somebody said.
CREATE TABLE rejected_label (
    photo_id INTEGER NOT NULL REFERENCES photo ON DELETE CASCADE,
    name     TEXT NOT NULL,
    PRIMARY KEY (photo_id, name)
) STRICT, WITHOUT ROWID;
