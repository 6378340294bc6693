"""Everything that writes to the registry: one function, one transaction, one event each."""
