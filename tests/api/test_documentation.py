"""docs/api.md tells of every route, every field of a request and every code of an error."""

from __future__ import annotations

import pytest

from memicos_app.api import problems
from memicos_app.api.app import LARGER_BODIES, MEBI, api
from memicos_app.library import activations, naming, steering, uploads
from memicos_app.library.errors import LibraryError
from memicos_app.settings import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SCHEMA = api.openapi()
ROUTES = [f"{method.upper()} {path}" for path, methods in SCHEMA["paths"].items() for method in methods]
FIELDS = sorted(
    {
        field
        for name in (
            "NewActivation",
            "SteerChat",
            "Condition",
            "Message",
            "FeatureAddress",
            "Steer",
            "Steered",
            "SteerLoad",
            "SteerPresets",
            "NewVector",
            "SearchContrast",
            "Owned",
            "AnnouncedModel",
            "AnnouncedSourceSet",
            "FeatureBatch",
            "UploadedFeature",
            "UploadedActivation",
            "UploadedExplanation",
            "ActivationBatch",
        )
        for field in SCHEMA["components"]["schemas"][name]["properties"]
    }
)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route(route: str) -> None:
    assert f"`{route}`" in DOCUMENT


@pytest.mark.parametrize("field", FIELDS)
def test_every_field(field: str) -> None:
    assert field in DOCUMENT


def codes(kind: type[LibraryError] = LibraryError) -> set[str]:
    """Codes of a kind of failure and of all that are made of it."""
    below = {code for one in kind.__subclasses__() for code in codes(one)}
    return below if kind is LibraryError else {kind.code, *below}


def test_every_code() -> None:
    every = {*problems.CODES.values(), *codes(), "internal"}
    assert len(every) > 12
    assert sorted(code for code in every if f"`{code}`" not in DOCUMENT) == []


def test_limits_are_those_of_the_library() -> None:
    assert f"up to {activations.MAX_TEXTS};" in DOCUMENT
    assert f"up to {steering.LONGEST_PROMPT:,} characters" in DOCUMENT
    assert f"up to {steering.MOST_FEATURES} of" in DOCUMENT
    assert f"1 to {uploads.MOST_FEATURES}, each index once" in DOCUMENT
    assert f"up to {naming.LONGEST_ID} characters; capitals" in DOCUMENT
    assert f"{LARGER_BODIES['/feature/upload-batch'] // MEBI} MB for `/feature/upload-batch`" in DOCUMENT
