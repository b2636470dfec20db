"""The SAEs of one model: which there are, and those in memory, within a budget of bytes.

Local folders `{folder}/{model}/{source}/` come first, then SAELens's registry for the sets that were asked for.
"""

from __future__ import annotations

import gc
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from weakref import WeakValueDictionary

from safetensors import SafetensorError

from inference_worker.engine import registry
from inference_worker.engine.errors import Pending, Unknown, Unusable
from inference_worker.engine.memory import in_words
from inference_worker.engine.saes import CONFIG, LoadedSae, load_sae, set_name, weights_size

_SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COURTESY = 1.0
"""Seconds for which a download is waited for at once: what lies in the hub's cache is there by then, or a refusal."""
_FORGIVEN = 60.0
"""Seconds after which a download that failed is tried again."""


class SaeShelf:
    """Each SAE is loaded when first asked for; the least recently used goes when the budget is full.

    One that somebody still holds is never put back, and so never in memory twice.

    Args:
        folders: places that hold `{model}/{source}/`, the first that has a source wins.
        model: name of the model, or several that mean the same.
        d_model: width that a residual SAE has to have.
        own: more such places; everything in them is served, whatever `sets` says.
        sets: source sets, releases or `release:sae_id` that are served; empty: all that lie in the folders.
        include: patterns, one of which a source id has to match; empty: all.
        exclude: patterns that a source id must not match.
        budget: bytes of SAEs in memory.
        keep_narrow: keep 16-bit weights as they are in memory.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        model: str | Sequence[str],
        d_model: int,
        *,
        own: Sequence[Path] = (),
        sets: Sequence[str] = (),
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        device: str = "cpu",
        budget: int = 4 << 30,
        keep_narrow: bool = False,
    ) -> None:
        self._models = [model] if isinstance(model, str) else list(model)
        self._folders, self._own = [*folders, *own], frozenset(own)
        self._d_model, self._device = d_model, device
        self._sets = frozenset(sets)
        self._include, self._exclude = [re.compile(p) for p in include], [re.compile(p) for p in exclude]
        self.budget, self._keep_narrow = budget, keep_narrow
        self._registered = registry.find(sets, self._models) if sets else {}
        self._kept: OrderedDict[str, LoadedSae] = OrderedDict()
        self._alive: WeakValueDictionary[str, LoadedSae] = WeakValueDictionary()
        self._downloads: dict[str, _Download] = {}

    def sources(self) -> list[str]:
        """Ids of the sources that can be served, by layer."""
        local = {
            path.parent.name
            for folder in self._folders
            for model in self._models
            for path in (folder / model).glob(f"*/{CONFIG}")
            if folder in self._own or self._is_of_a_set(path.parent.name)
        }
        return sorted(filter(self._is_wanted, local | self._registered.keys()), key=_by_layer)

    def get(self, source_id: str) -> LoadedSae:
        """The SAE of a source.

        Raises:
            Unknown: there is none of this id here.
            Unusable: it is here and cannot be used; the sentence says why.
            Pending: it is being downloaded.
        """
        loaded = self._alive.get(source_id)
        if loaded is None:
            loaded = self._load(source_id)
        self._kept[source_id] = self._alive[source_id] = loaded
        self._kept.move_to_end(source_id)
        self._make_room(0)
        return loaded

    @property
    def n_bytes(self) -> int:
        """Memory of the SAEs that are loaded."""
        return sum(loaded.n_bytes for loaded in list(self._alive.values()))

    @property
    def resident(self) -> list[str]:
        """Ids of those that are loaded, the least recently used first."""
        return list(self._kept)

    def _make_room(self, n_bytes: int) -> None:
        """Put back what nobody holds, the least recently used first, until so many bytes fit besides."""
        held: dict[str, LoadedSae] = {}
        for source_id in list(self._kept)[: None if n_bytes else -1]:
            if self.n_bytes + n_bytes <= self.budget:
                break
            if self._kept.pop(source_id).sae.cfg.normalize_activations != "none":
                gc.collect()  # an SAE that normalises at run time refers to itself
            if (loaded := self._alive.get(source_id)) is not None:
                held[source_id] = loaded
        self._kept = OrderedDict({**held, **self._kept})

    def _load(self, source_id: str) -> LoadedSae:
        folder = self._folder(source_id)
        if folder is None:
            loaded = self._download(source_id)
        else:
            self._require_room(folder, source_id)
            loaded = load_sae(folder, source_id, device=self._device, keep_narrow=self._keep_narrow)
        if "hook_resid" in loaded.hook_name and loaded.d_in != self._d_model:
            raise Unusable(
                f"The SAE {source_id} reads {loaded.d_in} dimensions, but {self._models[0]} has {self._d_model}: "
                "it was trained on another model."
            )
        return loaded

    def _require_room(self, folder: Path, source_id: str) -> None:
        try:
            needed = weights_size(folder, keep_narrow=self._keep_narrow)
        except (SafetensorError, OSError):  # loading says better what is wrong with the file
            return
        if needed > self.budget:
            raise Unusable(
                f"The SAE {source_id} needs {in_words(needed)} of memory, and SAE_MEMORY_GB allows "
                f"{in_words(self.budget)}."
            )
        self._make_room(needed)

    def _folder(self, source_id: str) -> Path | None:
        """Its local folder; None: it is one of the registry's."""
        if _SOURCE_ID.fullmatch(source_id) and self._is_wanted(source_id):
            places = (folder / model / source_id for folder in self._folders for model in self._models)
            local = next((place for place in places if place.is_dir()), None)
            if local is not None and (local.parents[1] in self._own or self._is_of_a_set(source_id)):
                return local
            if source_id in self._registered:
                return None
        raise Unknown(f"There is no SAE {source_id} for {self._models[0]} here.", field="source")

    def _download(self, source_id: str) -> LoadedSae:
        """What the download of a source has brought; it runs beside the model's thread, which goes on working."""
        download = self._downloads.get(source_id)
        if download is None or download.is_forgiven:
            dtype = "bfloat16" if self._keep_narrow else "float32"
            entry = self._registered[source_id]
            download = _Download(lambda: registry.fetch(entry, source_id, device=self._device, dtype=dtype))
            self._downloads[source_id] = download
        if not download.is_done:
            sentence = f"The SAE {source_id} is being downloaded, for {download.seconds:.0f} s by now."
            raise Pending(sentence, retry_after=2)
        loaded = download.result()
        del self._downloads[source_id]
        return loaded

    def _is_of_a_set(self, source_id: str) -> bool:
        return not self._sets or set_name(source_id) in self._sets or source_id in self._registered

    def _is_wanted(self, source_id: str) -> bool:
        included = not self._include or any(p.search(source_id) for p in self._include)
        return included and not any(p.search(source_id) for p in self._exclude)


class _Download:
    """One SAE on its way, in a thread of its own."""

    def __init__(self, fetch: Callable[[], LoadedSae]) -> None:
        self._began = time.monotonic()
        self._result: Future[LoadedSae] = Future()
        threading.Thread(target=self._run, args=(fetch,), name="download", daemon=True).start()
        wait([self._result], _COURTESY)

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self._began

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._result.done()

    @property
    def is_forgiven(self) -> bool:
        """Whether it failed so long ago that it may be tried again."""
        return self.is_done and self._result.exception() is not None and self.seconds > _FORGIVEN

    def result(self) -> LoadedSae:
        """The SAE; what failed is raised."""
        return self._result.result()

    def _run(self, fetch: Callable[[], LoadedSae]) -> None:
        try:
            self._result.set_result(fetch())
        except BaseException as error:
            self._result.set_exception(error)


def _by_layer(source_id: str) -> tuple[int, str]:
    layer = source_id.partition("-")[0]
    return (int(layer) if layer.isdigit() else 10_000, source_id)
