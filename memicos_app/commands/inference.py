"""`memicos inference-configs`: the settings files of models with their SAEs."""

from __future__ import annotations

import typer

from memicos_app.settings import CONFIG_PREFIX, ROOT, SettingsFileError, configured


def inference_configs() -> None:
    """List the settings files of models with their SAEs, and how each is served."""
    title = f"Available inference configurations ({CONFIG_PREFIX}*)"
    typer.echo(f"\n{title}\n{'=' * len(title)}")
    for name in config_names():
        typer.echo(f"\n{name}\n{_described(name)}")


def config_names() -> list[str]:
    """What follows `.env.inference.` in the names of the files in the repository."""
    return sorted(path.name.removeprefix(CONFIG_PREFIX) for path in ROOT.glob(f"{CONFIG_PREFIX}*"))


def _described(name: str) -> str:
    try:
        settings = configured(name)
    except (SettingsFileError, ValueError) as error:
        return f"    {error}"
    weights = f", weights of {settings.weights_id}" if settings.weights_id != settings.model_id else ""
    return (
        f"    Model: {settings.model_names[0]} ({settings.model_id}{weights}), {settings.model_dtype}\n"
        f"    Source sets: {', '.join(settings.sae_sets)}\n"
        f"    make inference-dev MODEL_SOURCESET={name}"
    )
