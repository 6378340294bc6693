"""The forms about money, one module per topic."""
