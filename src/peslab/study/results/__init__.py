"""What came out of a study: ranked, compared, told."""
