"""Everything that writes about money: one function, one transaction, one event each."""
