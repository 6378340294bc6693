"""Reports: parameters → rows → context → template; every format shares the rows."""
