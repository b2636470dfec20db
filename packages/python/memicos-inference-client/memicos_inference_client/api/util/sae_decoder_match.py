from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.casing import Casing
from ...models.decoder_match_request import DecoderMatchRequest
from ...models.decoder_match_response import DecoderMatchResponse
from ...models.priority import Priority
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: DecoderMatchRequest,
    x_casing: Casing | Unset = UNSET,
    x_client_id: str | Unset = UNSET,
    x_priority: Priority | Unset = UNSET,
    x_timeout: float | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_casing, Unset):
        headers["X-Casing"] = str(x_casing)

    if not isinstance(x_client_id, Unset):
        headers["X-Client-Id"] = x_client_id

    if not isinstance(x_priority, Unset):
        headers["X-Priority"] = str(x_priority)

    if not isinstance(x_timeout, Unset):
        headers["X-Timeout"] = str(x_timeout)

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/util/sae-decoder-match",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DecoderMatchResponse | Problem | None:
    if response.status_code == 200:
        response_200 = DecoderMatchResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if response.status_code == 504:
        response_504 = Problem.from_dict(response.json())

        return response_504

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[DecoderMatchResponse | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: DecoderMatchRequest,
    x_casing: Casing | Unset = UNSET,
    x_client_id: str | Unset = UNSET,
    x_priority: Priority | Unset = UNSET,
    x_timeout: float | Unset = UNSET,
) -> Response[DecoderMatchResponse | Problem]:
    """For each feature of two sources the one of the other whose decoder direction is most alike

    Args:
        x_casing (Casing | Unset):
        x_client_id (str | Unset):
        x_priority (Priority | Unset):
        x_timeout (float | Unset):
        body (DecoderMatchRequest): For each feature of `source` the one of `target` whose decoder
            direction is most alike, and back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DecoderMatchResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        x_casing=x_casing,
        x_client_id=x_client_id,
        x_priority=x_priority,
        x_timeout=x_timeout,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: DecoderMatchRequest,
    x_casing: Casing | Unset = UNSET,
    x_client_id: str | Unset = UNSET,
    x_priority: Priority | Unset = UNSET,
    x_timeout: float | Unset = UNSET,
) -> DecoderMatchResponse | Problem | None:
    """For each feature of two sources the one of the other whose decoder direction is most alike

    Args:
        x_casing (Casing | Unset):
        x_client_id (str | Unset):
        x_priority (Priority | Unset):
        x_timeout (float | Unset):
        body (DecoderMatchRequest): For each feature of `source` the one of `target` whose decoder
            direction is most alike, and back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DecoderMatchResponse | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        x_casing=x_casing,
        x_client_id=x_client_id,
        x_priority=x_priority,
        x_timeout=x_timeout,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: DecoderMatchRequest,
    x_casing: Casing | Unset = UNSET,
    x_client_id: str | Unset = UNSET,
    x_priority: Priority | Unset = UNSET,
    x_timeout: float | Unset = UNSET,
) -> Response[DecoderMatchResponse | Problem]:
    """For each feature of two sources the one of the other whose decoder direction is most alike

    Args:
        x_casing (Casing | Unset):
        x_client_id (str | Unset):
        x_priority (Priority | Unset):
        x_timeout (float | Unset):
        body (DecoderMatchRequest): For each feature of `source` the one of `target` whose decoder
            direction is most alike, and back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DecoderMatchResponse | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        x_casing=x_casing,
        x_client_id=x_client_id,
        x_priority=x_priority,
        x_timeout=x_timeout,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: DecoderMatchRequest,
    x_casing: Casing | Unset = UNSET,
    x_client_id: str | Unset = UNSET,
    x_priority: Priority | Unset = UNSET,
    x_timeout: float | Unset = UNSET,
) -> DecoderMatchResponse | Problem | None:
    """For each feature of two sources the one of the other whose decoder direction is most alike

    Args:
        x_casing (Casing | Unset):
        x_client_id (str | Unset):
        x_priority (Priority | Unset):
        x_timeout (float | Unset):
        body (DecoderMatchRequest): For each feature of `source` the one of `target` whose decoder
            direction is most alike, and back.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DecoderMatchResponse | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            x_casing=x_casing,
            x_client_id=x_client_id,
            x_priority=x_priority,
            x_timeout=x_timeout,
        )
    ).parsed
