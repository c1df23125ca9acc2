from pathlib import Path

import pytest

from svit.english import lexicon
from svit.english.lexicon import decoded_lexicon

TEXT = Path(lexicon.__file__).with_suffix(".toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[uses]\n", "[usage]\n", "Object contains unknown field `usage`"),
        ("[ridden]\n", '[ridden]\nbicycle = "Another one"\n', "Cannot overwrite a value"),
        ("[weight]\n", '[weight]\nraft = "heavy"\n', "Expected `int`, got `str` - at `$.weight[...]`"),
        ("inside = true", 'inside = "yes"', "Expected `bool`, got `str` - at `$.places[0].inside`"),
        ("visitor = ", "visitors = ", "Object contains unknown field `visitors` - at `$.places[0]`"),
        ('drink = """coffee', 'drink = """pizza coffee', "vocabulary: 'pizza' stands in 'food' and in 'drink'"),
        ("[kind_names]\n", '[kind_names]\ntrees = "trees"\n', "kind_names: 'trees' is no kind of the vocabulary"),
        ("[tips]\n", '[tips]\nraft = "hold on"\n', "tips: 'raft' needs a text on either side of ', because'"),
        ("[worn]\n", '[worn]\nbow = "Bows are festive|"\n', "worn: 'bow' needs a text on either side of '|'"),
    ],
)
def test_an_entry_that_is_wrong_is_told(before: str, after: str, said: str) -> None:
    changed = TEXT.replace(before, after, 1)
    assert changed != TEXT
    with pytest.raises(ValueError, match=r".") as told:
        decoded_lexicon(changed)
    assert said in str(told.value)
