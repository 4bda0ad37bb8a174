"""The verbs: plain functions over the library, the models and the disk. No Qt and no lanes in here."""
