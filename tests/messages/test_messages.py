"""Every failure message, as an approved text in ``approved/``; each must tell a newcomer what to do next.

``EVENTBRIDGE_APPROVE=1 pytest tests/messages`` writes them anew. Read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import scenes_of_answers
import scenes_of_assertions
import scenes_of_endings
import scenes_of_misuse
import scenes_of_templates

HERE = Path(__file__).parent
APPROVED = HERE / "approved"


MODULES = (scenes_of_assertions, scenes_of_answers, scenes_of_endings, scenes_of_misuse, scenes_of_templates)
SCENES = {
    name: scene for module in MODULES for name, scene in vars(module).items() if getattr(scene, "is_scene", False)
}


@pytest.mark.parametrize("name", SCENES)
def test_message(name: str) -> None:
    """The message reads as it was approved."""
    text = SCENES[name]().rstrip() + "\n"
    file = APPROVED / f"{name}.txt"
    if os.environ.get("EVENTBRIDGE_APPROVE"):
        file.write_text(text, encoding="utf-8")
    approved = file.read_text(encoding="utf-8") if file.exists() else "nothing is approved yet"
    assert text == approved, f"EVENTBRIDGE_APPROVE=1 pytest {HERE.name} approves the new text"


def test_no_approved_text_is_left_over() -> None:
    """Each text has its scene."""
    assert {file.stem for file in APPROVED.glob("*.txt")} == set(SCENES)


@pytest.mark.parametrize("file", sorted(APPROVED.glob("*.txt")), ids=lambda file: file.stem)
def test_a_message_is_readable(file: Path) -> None:
    """No line runs on without end, no object shows its address, and no newline is escaped."""
    text = file.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 400
    assert " at 0x" not in text
    assert "\\n" not in text
