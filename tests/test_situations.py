from pathlib import Path

import pytest

from svit.offline.questions import situations
from svit.offline.questions.situations import decoded_situations

TEXT = Path(situations.__file__).with_suffix(".toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("nouns = ", "noun = ", "unknown field `noun` - at `$[...][0]`"),
        ('because = "To stay', 'why = "To stay', "unknown field `why` - at `$[...][0]`"),
        ("[[situations]]", "[[situation]]", "Invalid enum value 'situation'"),
        ('"To stay dry, one needs something waterproof overhead."', "7", "Expected `str`, got `int`"),
        (
            "{any} would be the first",
            "{all} would be the first",
            "nothing fills {all} in the conclusions after 'To stay",
        ),
        ('brief = ["What here would be useful in a sudden shower?"]', "brief = []", "needs questions, brief ones"),
    ],
)
def test_a_situation_that_is_wrong_is_told(before: str, after: str, said: str) -> None:
    changed = TEXT.replace(before, after, 1)
    assert changed != TEXT
    with pytest.raises(ValueError, match=r".") as told:
        decoded_situations(changed)
    assert said in str(told.value)
