from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.capabilities_lens_types_item import CapabilitiesLensTypesItem, check_capabilities_lens_types_item
from ..models.capabilities_steer_methods_item import (
    CapabilitiesSteerMethodsItem,
    check_capabilities_steer_methods_item,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="Capabilities")


@_attrs_define
class Capabilities:
    """What this worker serves and within which limits.

    Attributes:
        model (str):
        models (list[str]): All names that requests may call it by.
        device (str):
        dtype (str):
        n_layers (int):
        d_model (int):
        context_length (int):
        token_limit (int):
        max_completion_tokens (int):
        inference_queue (int):
        sources (list[str]):
        prepends_bos (bool): Whether BOS is added where a request leaves `prepend_bos` open.
        max_prompts (int): Texts of one batch.
        max_num_results (int): Features that a search lists at most.
        steer_methods (list[CapabilitiesSteerMethodsItem] | Unset):
        saes_in_memory (list[str] | Unset):
        sae_bytes (int | Unset):  Default: 0.
        sae_bytes_limit (int | Unset):  Default: 0.
        bos_id (int | None | Unset): Token id of BOS, which may be 0; None where the tokenizer has none.
        sae_sets (list[str] | Unset): Source sets of `sources`.
        has_chat_template (bool | Unset):  Default: False.
        lens_types (list[CapabilitiesLensTypesItem] | Unset): Lenses that are served.
    """

    model: str
    models: list[str]
    device: str
    dtype: str
    n_layers: int
    d_model: int
    context_length: int
    token_limit: int
    max_completion_tokens: int
    inference_queue: int
    sources: list[str]
    prepends_bos: bool
    max_prompts: int
    max_num_results: int
    steer_methods: list[CapabilitiesSteerMethodsItem] | Unset = UNSET
    saes_in_memory: list[str] | Unset = UNSET
    sae_bytes: int | Unset = 0
    sae_bytes_limit: int | Unset = 0
    bos_id: int | Unset | None = UNSET
    sae_sets: list[str] | Unset = UNSET
    has_chat_template: bool | Unset = False
    lens_types: list[CapabilitiesLensTypesItem] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        models = self.models

        device = self.device

        dtype = self.dtype

        n_layers = self.n_layers

        d_model = self.d_model

        context_length = self.context_length

        token_limit = self.token_limit

        max_completion_tokens = self.max_completion_tokens

        inference_queue = self.inference_queue

        sources = self.sources

        prepends_bos = self.prepends_bos

        max_prompts = self.max_prompts

        max_num_results = self.max_num_results

        steer_methods: list[str] | Unset = UNSET
        if not isinstance(self.steer_methods, Unset):
            steer_methods = []
            for steer_methods_item_data in self.steer_methods:
                steer_methods_item: str = steer_methods_item_data
                steer_methods.append(steer_methods_item)

        saes_in_memory: list[str] | Unset = UNSET
        if not isinstance(self.saes_in_memory, Unset):
            saes_in_memory = self.saes_in_memory

        sae_bytes = self.sae_bytes

        sae_bytes_limit = self.sae_bytes_limit

        bos_id: int | Unset | None
        if isinstance(self.bos_id, Unset):
            bos_id = UNSET
        else:
            bos_id = self.bos_id

        sae_sets: list[str] | Unset = UNSET
        if not isinstance(self.sae_sets, Unset):
            sae_sets = self.sae_sets

        has_chat_template = self.has_chat_template

        lens_types: list[str] | Unset = UNSET
        if not isinstance(self.lens_types, Unset):
            lens_types = []
            for lens_types_item_data in self.lens_types:
                lens_types_item: str = lens_types_item_data
                lens_types.append(lens_types_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "models": models,
                "device": device,
                "dtype": dtype,
                "nLayers": n_layers,
                "dModel": d_model,
                "contextLength": context_length,
                "tokenLimit": token_limit,
                "maxCompletionTokens": max_completion_tokens,
                "inferenceQueue": inference_queue,
                "sources": sources,
                "prependsBos": prepends_bos,
                "maxPrompts": max_prompts,
                "maxNumResults": max_num_results,
            }
        )
        if steer_methods is not UNSET:
            field_dict["steerMethods"] = steer_methods
        if saes_in_memory is not UNSET:
            field_dict["saesInMemory"] = saes_in_memory
        if sae_bytes is not UNSET:
            field_dict["saeBytes"] = sae_bytes
        if sae_bytes_limit is not UNSET:
            field_dict["saeBytesLimit"] = sae_bytes_limit
        if bos_id is not UNSET:
            field_dict["bosId"] = bos_id
        if sae_sets is not UNSET:
            field_dict["saeSets"] = sae_sets
        if has_chat_template is not UNSET:
            field_dict["hasChatTemplate"] = has_chat_template
        if lens_types is not UNSET:
            field_dict["lensTypes"] = lens_types

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        models = cast("list[str]", d.pop("models"))

        device = d.pop("device")

        dtype = d.pop("dtype")

        n_layers = d.pop("nLayers")

        d_model = d.pop("dModel")

        context_length = d.pop("contextLength")

        token_limit = d.pop("tokenLimit")

        max_completion_tokens = d.pop("maxCompletionTokens")

        inference_queue = d.pop("inferenceQueue")

        sources = cast("list[str]", d.pop("sources"))

        prepends_bos = d.pop("prependsBos")

        max_prompts = d.pop("maxPrompts")

        max_num_results = d.pop("maxNumResults")

        _steer_methods = d.pop("steerMethods", UNSET)
        steer_methods: list[CapabilitiesSteerMethodsItem] | Unset = UNSET
        if _steer_methods is not UNSET:
            steer_methods = []
            for steer_methods_item_data in _steer_methods:
                steer_methods_item = check_capabilities_steer_methods_item(steer_methods_item_data)

                steer_methods.append(steer_methods_item)

        saes_in_memory = cast("list[str]", d.pop("saesInMemory", UNSET))

        sae_bytes = d.pop("saeBytes", UNSET)

        sae_bytes_limit = d.pop("saeBytesLimit", UNSET)

        def _parse_bos_id(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        bos_id = _parse_bos_id(d.pop("bosId", UNSET))

        sae_sets = cast("list[str]", d.pop("saeSets", UNSET))

        has_chat_template = d.pop("hasChatTemplate", UNSET)

        _lens_types = d.pop("lensTypes", UNSET)
        lens_types: list[CapabilitiesLensTypesItem] | Unset = UNSET
        if _lens_types is not UNSET:
            lens_types = []
            for lens_types_item_data in _lens_types:
                lens_types_item = check_capabilities_lens_types_item(lens_types_item_data)

                lens_types.append(lens_types_item)

        capabilities = cls(
            model=model,
            models=models,
            device=device,
            dtype=dtype,
            n_layers=n_layers,
            d_model=d_model,
            context_length=context_length,
            token_limit=token_limit,
            max_completion_tokens=max_completion_tokens,
            inference_queue=inference_queue,
            sources=sources,
            prepends_bos=prepends_bos,
            max_prompts=max_prompts,
            max_num_results=max_num_results,
            steer_methods=steer_methods,
            saes_in_memory=saes_in_memory,
            sae_bytes=sae_bytes,
            sae_bytes_limit=sae_bytes_limit,
            bos_id=bos_id,
            sae_sets=sae_sets,
            has_chat_template=has_chat_template,
            lens_types=lens_types,
        )

        return capabilities
