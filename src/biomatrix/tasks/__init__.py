"""Tasks and views as data: prompts, the reading and judging of answers, and the layout of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "Document": "biomatrix.tasks.documents",
    "DocumentView": "biomatrix.tasks.views",
    "Part": "biomatrix.tasks.documents",
    "Task": "biomatrix.tasks.task_definition",
    "load_tasks": "biomatrix.tasks.registry",
    "metric": "biomatrix.tasks.metrics",
    "register_task": "biomatrix.tasks.registry",
    "task": "biomatrix.tasks.registry",
    "task_names": "biomatrix.tasks.registry",
    "task_prompt": "biomatrix.tasks.registry",
    "tasks": "biomatrix.tasks.registry",
    "unregister_task": "biomatrix.tasks.registry",
    "view": "biomatrix.tasks.registry",
    "view_names": "biomatrix.tasks.registry",
}

__all__ = [
    "Document",
    "DocumentView",
    "Part",
    "Task",
    "load_tasks",
    "metric",
    "register_task",
    "task",
    "task_names",
    "task_prompt",
    "tasks",
    "unregister_task",
    "view",
    "view_names",
]

if TYPE_CHECKING:
    from biomatrix.tasks.documents import Document, Part
    from biomatrix.tasks.metrics import metric
    from biomatrix.tasks.registry import (
        load_tasks,
        register_task,
        task,
        task_names,
        task_prompt,
        tasks,
        unregister_task,
        view,
        view_names,
    )
    from biomatrix.tasks.task_definition import Task
    from biomatrix.tasks.views import DocumentView

__getattr__ = lazy_names(__name__, _HOME)
