"""`make bench`: the ratios of design §12, measured on a country's worth of invented rows.

    make bench SCALE=100k

`copying`, `people` and `cases` fill a database of its own; `plans` looks at what PostgreSQL does;
`lists`, `pages`, `writing`, `reports` and `serving` measure; `results` and `page` say what holds.
How to run and read it: docs/how-to/run-the-bench.md.
"""
