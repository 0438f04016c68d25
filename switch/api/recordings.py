"""Recordings as files; parts of them by Range (RFC 9110 section 14)."""

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from switch.api.answers import Failure, nothing
from switch.api.calls import find
from switch.api.services import Services


def routes(services: Services) -> APIRouter:
    """`/recordings`."""
    router = APIRouter(prefix="/recordings", tags=["recordings"])

    @router.get("/{call}", responses=nothing(HTTPStatus.OK))
    async def recording(call: str) -> Response:
        """The call's recording: 8 kHz, left the caller, right the agent."""
        record = await find(services, call)
        if record.recording is None:
            raise Failure(HTTPStatus.NOT_FOUND, f"call {call!r} has no recording")
        path = _inside(services.data_dir, record.recording.path)
        if path is None or not path.is_file():
            raise Failure(HTTPStatus.NOT_FOUND, f"the recording of call {call!r} is no longer there")
        return FileResponse(path, media_type="audio/wav", filename=f"{call}.wav")

    return router


def _inside(data_dir: Path, relative: str) -> Path | None:
    """The file, unless the path leads out of where recordings are."""
    path = (data_dir / relative).resolve()
    return path if path.is_relative_to((data_dir / "recordings").resolve()) else None
