"""What survives a crash. The only home of sqlite3 and Faiss; SQLite is the truth, everything else here is a cache."""
