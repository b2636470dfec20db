"""Every table, imported once, so that `SQLModel.metadata` is complete for Alembic and tests."""

from __future__ import annotations

from memicos_app.db.accounts import ApiKey, SignInAttempt, SignInLink, UserIdentity, UserSession
from memicos_app.db.catalog import Model, Release, Source, SourceGeneration, SourceSet
from memicos_app.db.comments import Comment
from memicos_app.db.explanations import (
    Embedder,
    Explanation,
    ExplanationEmbedding,
    ExplanationModel,
    ExplanationType,
    ExplanationWord,
)
from memicos_app.db.features import Feature, FeatureExamples, FeatureLabel, SequenceChunk
from memicos_app.db.imports import ImportFile, ImportProblem, ImportSum
from memicos_app.db.jobs import Job, JobLine
from memicos_app.db.lists import Bookmark, FeatureList, ListEntry, ListTestResult
from memicos_app.db.maps import FeatureMap, FeatureMapLayer
from memicos_app.db.moderation import Activity, Report
from memicos_app.db.origins import OriginModel, OriginSource
from memicos_app.db.providers import ProviderCall, ProviderKey, ProviderRun
from memicos_app.db.rates import RateWindow
from memicos_app.db.scores import ExplanationScore
from memicos_app.db.steering import SteerOutput, SteerOutputFeature, SteerPreset, SteerVector
from memicos_app.db.tested_texts import KeptText
from memicos_app.db.uploads import UploadedFile
from memicos_app.db.users import User
from memicos_app.db.votes import ExplanationVote

__all__ = [
    "Activity",
    "ApiKey",
    "Bookmark",
    "Comment",
    "Embedder",
    "Explanation",
    "ExplanationEmbedding",
    "ExplanationModel",
    "ExplanationScore",
    "ExplanationType",
    "ExplanationVote",
    "ExplanationWord",
    "Feature",
    "FeatureExamples",
    "FeatureLabel",
    "FeatureList",
    "FeatureMap",
    "FeatureMapLayer",
    "ImportFile",
    "ImportProblem",
    "ImportSum",
    "Job",
    "JobLine",
    "KeptText",
    "ListEntry",
    "ListTestResult",
    "Model",
    "OriginModel",
    "OriginSource",
    "ProviderCall",
    "ProviderKey",
    "ProviderRun",
    "RateWindow",
    "Release",
    "Report",
    "SequenceChunk",
    "SignInAttempt",
    "SignInLink",
    "Source",
    "SourceGeneration",
    "SourceSet",
    "SteerOutput",
    "SteerOutputFeature",
    "SteerPreset",
    "SteerVector",
    "UploadedFile",
    "User",
    "UserIdentity",
    "UserSession",
]
