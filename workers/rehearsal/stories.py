"""The stories of the 2023 cycle, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Collection

from workers.rehearsal.first_leg_stories import FIRST_LEG_STORIES
from workers.rehearsal.office_stories import OFFICE_STORIES
from workers.rehearsal.story import Story

STORIES: tuple[Story, ...] = (*FIRST_LEG_STORIES, *OFFICE_STORIES)


def choose(names: Collection[str]) -> tuple[Story, ...]:
    """The stories of these names, all when there is none. Raises `ValueError` for a name that is unknown."""
    known = {story.name: story for story in STORIES}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no story is called {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(story for story in STORIES if not names or story.name in names)
