"""Bodies of the national co-ordination and what they keep."""

from ncm.models.action_points import ActionComment, ActionEvent, ActionFile, ActionPoint
from ncm.models.task_forces import TaskForce

__all__ = ["ActionComment", "ActionEvent", "ActionFile", "ActionPoint", "TaskForce"]
