"""Where a study is kept, and how its workers know of each other."""
