from hypothesis import given
from hypothesis import strategies as st

from portal.search.grams import grams, phrases, words


def test_a_word_of_two_characters_is_one_pair():
    assert phrases("津贴") == [(["津贴"], False)]
    assert "津贴" in grams("高龄津贴申请")


def test_numbers_and_letters_stay_whole():
    assert words("FW104204-2026-0013") == ["fw104204", "2026", "0013"]
    assert phrases("fw10") == [(["fw10"], True)]


def test_rare_and_private_characters_count_as_letters():
    assert words("𬱖家𰻞村") == ["𬱖家𰻞村"]
    assert words("\ue863村") == ["\ue863村"]


@given(st.text(alphabet="甲乙丙丁 ab1，。"), st.integers(0, 20), st.integers(1, 5))
def test_every_part_of_an_indexed_text_is_found_in_its_pairs(text, start, length):
    part = text[start : start + length]
    tokens = grams(text)
    for wanted, prefix in phrases(part):
        size = len(wanted)
        at = [tokens[i : i + size] for i in range(len(tokens) - size + 1)]
        if prefix:
            assert any(token.startswith(wanted[0]) or wanted[0] in token for token in tokens)
        else:
            assert wanted in at
