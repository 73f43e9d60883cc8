"""The parts of `benches/compare/run`. Python's standard library alone."""
