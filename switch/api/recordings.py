"""Recordings as files; parts of them by Range (RFC 9110 section 14).

One that still grows is sent as long as it was when it was asked for.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

from fastapi import Depends, Response
from fastapi.responses import FileResponse, StreamingResponse

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import octets
from switch.api.calls import find
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services

_AT_ONCE: Final = 65536


def routes(services: Services) -> Part:
    """`/recordings`."""
    router = Part(prefix="/recordings", tags=["recordings"])

    @router.get("/{call}", response_class=Response, responses=octets("audio/wav"))
    async def recording(
        call: str, holder: Annotated[Holder, Depends(services.needs(Right.RECORDINGS_HEAR))]
    ) -> Response:
        """The call's recording: 8 kHz, left the caller, right the agent."""
        record = await find(services, holder, call)
        if record.recording is None:
            raise Failure(Kind.NOT_FOUND, f"call {call!r} has no recording")
        path = _inside(services.data_dir, record.recording.path)
        if path is None or not path.is_file():
            raise Failure(Kind.NOT_FOUND, f"the recording of call {call!r} is no longer there")
        if record.recording.duration_s is None:
            return _so_far(path.open("rb"), f"{call}.wav")
        return FileResponse(path, media_type="audio/wav", filename=f"{call}.wav")

    return router


def _so_far(file: BinaryIO, name: str) -> Response:
    octets = os.fstat(file.fileno()).st_size
    headers = {"Content-Length": str(octets), "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_first(file, octets), media_type="audio/wav", headers=headers)


def _first(file: BinaryIO, octets: int) -> Iterator[bytes]:
    with file:
        while octets > 0 and (read := file.read(min(octets, _AT_ONCE))):
            octets -= len(read)
            yield read


def _inside(data_dir: Path, relative: str) -> Path | None:
    """The file, unless the path leads out of where recordings are."""
    path = (data_dir / relative).resolve()
    return path if path.is_relative_to((data_dir / "recordings").resolve()) else None
