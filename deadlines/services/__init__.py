"""What writes in this package, one module per aggregate: jobs, notices, mail, sweep."""
