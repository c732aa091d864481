"""A second reading of docs/MATCHING.md, written apart from the engine."""
