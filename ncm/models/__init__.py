"""Bodies of the national co-ordination and what they keep."""

from ncm.models.task_forces import TaskForce

__all__ = ["TaskForce"]
