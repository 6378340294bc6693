"""Everything that writes to referrals apart from the workflow."""
