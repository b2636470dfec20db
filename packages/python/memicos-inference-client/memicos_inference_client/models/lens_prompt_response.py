from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.lens_done import LensDone
    from ..models.lens_meta import LensMeta
    from ..models.lens_prompt import LensPrompt
    from ..models.lens_token import LensToken


T = TypeVar("T", bound="LensPromptResponse")


@_attrs_define
class LensPromptResponse:
    """The whole answer, where it is not streamed.

    Attributes:
        meta (LensMeta): First: what is coming.
        prompt (LensPrompt): Second: the text's tokens.
        tokens (list[LensToken]):
        done (LensDone | None | Unset): None while it is being read.
    """

    meta: LensMeta
    prompt: LensPrompt
    tokens: list[LensToken]
    done: LensDone | Unset | None = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.lens_done import LensDone

        meta = self.meta.to_dict()

        prompt = self.prompt.to_dict()

        tokens = []
        for tokens_item_data in self.tokens:
            tokens_item = tokens_item_data.to_dict()
            tokens.append(tokens_item)

        done: dict[str, Any] | Unset | None
        if isinstance(self.done, Unset):
            done = UNSET
        elif isinstance(self.done, LensDone):
            done = self.done.to_dict()
        else:
            done = self.done

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "meta": meta,
                "prompt": prompt,
                "tokens": tokens,
            }
        )
        if done is not UNSET:
            field_dict["done"] = done

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lens_done import LensDone
        from ..models.lens_meta import LensMeta
        from ..models.lens_prompt import LensPrompt
        from ..models.lens_token import LensToken

        d = dict(src_dict)
        meta = LensMeta.from_dict(d.pop("meta"))

        prompt = LensPrompt.from_dict(d.pop("prompt"))

        tokens = []
        _tokens = d.pop("tokens")
        for tokens_item_data in _tokens:
            tokens_item = LensToken.from_dict(tokens_item_data)

            tokens.append(tokens_item)

        def _parse_done(data: object) -> LensDone | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                done_type_0 = LensDone.from_dict(data)

                return done_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("LensDone | None | Unset", data)

        done = _parse_done(d.pop("done", UNSET))

        lens_prompt_response = cls(
            meta=meta,
            prompt=prompt,
            tokens=tokens,
            done=done,
        )

        lens_prompt_response.additional_properties = d
        return lens_prompt_response

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
