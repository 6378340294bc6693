"""Forms of the national co-ordination, by topic."""
