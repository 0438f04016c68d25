"""A WebSocket to which ready frames are written as they are: encoded once, whoever listens."""

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class EventSocket(WebSocketsSansIOProtocol):
    """uvicorn's, which frames each message anew. No extension is agreed on, so frames hold for everybody:
    compressing would cost each listener his own state, and the loop the time.
    """

    async def send(self, message: Any) -> None:
        """`{"type": "websocket.send", "frames": …}` writes whole frames once the peer has room for them; any
        other message is sent as ever.
        """
        frames: bytes | None = message.get("frames")
        if frames is None:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(frames)
