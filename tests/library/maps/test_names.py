"""Names of clusters: what their explanations say and others do not."""

from __future__ import annotations

from memicos_app.library.maps.names import names, words_of

TEXTS = [
    *((0, f"words about cooking rice and {one}") for one in ("soup", "fish", "bread")),
    *((1, f"the token of a river near {one}") for one in ("hills", "lakes", "rice")),
    (2, "42 !!"),
]


def test_a_cluster_is_called_by_what_sets_it_apart() -> None:
    found = names(TEXTS)
    assert found[0].startswith("cooking")
    assert found[1].startswith("river")
    assert "words" not in found[0]
    assert found[2] == "cluster 3"


def test_names_are_the_same_at_every_run_and_no_two_alike() -> None:
    assert names(TEXTS) == names(list(TEXTS))
    twins = names([(0, "wine"), (1, "wine"), (2, "")])
    assert len(set(twins.values())) == 3


def test_forms_of_a_word_count_once() -> None:
    (name,) = names([(0, "court courts legal"), (0, "court courts legal")]).values()
    assert name.count("court") == 1
    assert "legal" in name


def test_words_are_whole_and_of_any_language() -> None:
    assert words_of("L'été à Paris, x2, of_under_score <b>") == {"été", "paris"} | words_of("l'été")
    assert words_of("привет мир") == {"привет", "мир"}
