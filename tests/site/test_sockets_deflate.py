"""Frames are compressed sooner, and any browser reads them."""

from __future__ import annotations

import json

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from memicos_app.site.sockets import QuickDeflate

STATE = json.dumps([{"t": f"token {n}", "v": [n, n / 7]} for n in range(2_000)])


def test_what_is_compressed_quickly_is_read_by_any_client() -> None:
    server, client = WSConnection(ConnectionType.SERVER), WSConnection(ConnectionType.CLIENT)
    server.receive_data(client.send(Request(host="site", target="/", extensions=[PerMessageDeflate()])))
    assert [type(one) for one in server.events()] == [Request]
    client.receive_data(server.send(AcceptConnection(extensions=[QuickDeflate()])))
    assert [type(one) for one in client.events()] == [AcceptConnection]
    for text in (STATE, "", "ω𝄞" * 9, STATE):  # the second time the window knows it
        sent = server.send(TextMessage(text))
        client.receive_data(sent)
        got = [one for one in client.events() if isinstance(one, TextMessage)]
        assert "".join(one.data for one in got) == text
    assert len(sent) < len(STATE) / 3
