"""Compiled loops: arrays in, arrays out. They check nothing; those who call them do."""
