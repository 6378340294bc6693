"""What scripts/crash.py runs inside Django: settings, a kind of deadline, stage and proof."""
