"""What comes in from the web, before Gradio sees it: known ways only, and no files but uploads.

Gradio can serve and fetch more than this page needs (files of the working folder, addresses that it is told to
download), and keeps what is uploaded until it is asked again; neither is wanted here.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ser_keras.demo import uploads
from ser_keras.demo.limits import ENVELOPE, LARGEST, ROOM

API = "/gradio_api/"
WAYS = {
    "GET": (
        ("/", "/config", "/theme.css", "/favicon.ico", f"{API}info", f"{API}startup-events", f"{API}queue/data"),
        ("/assets/", "/static/", "/svelte/", f"{API}file=", f"{API}heartbeat/", f"{API}upload_progress", f"{API}call/"),
    ),
    "POST": ((f"{API}upload", f"{API}queue/join", f"{API}cancel", f"{API}reset"), (f"{API}call/",)),
}  # method → whole paths, and beginnings of paths, that are let in
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)  # the browser asks no other host for anything
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Door:
    """An ASGI application in front of another: lets in what the page needs."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app, self.folder, self.coming = app, folder, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # the page has no use for web sockets
            await send({"type": "websocket.close"})
            return
        refusal = self._refusal(scope)
        if refusal:
            await _refuse(*refusal)(scope, receive, send)
        elif scope["path"] == f"{API}upload":
            await self._uploading(scope, receive, send)
        elif scope["method"] == "POST":
            await self._asking(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        path, (whole, begun) = scope["path"], WAYS.get(scope["method"].replace("HEAD", "GET"), ((), ()))
        if path not in whole and not path.startswith(begun or ("\0",)):
            return 404, "There is nothing here."
        if path.startswith(f"{API}file=") and not uploads.inside(path.partition("=")[2], self.folder):
            return 403, "Only what was just uploaded can be had."
        return None

    async def _uploading(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit():
            await _refuse(411, "Say how long the upload is.")(scope, receive, send)
            return
        if int(length) > LARGEST + ENVELOPE:
            await _refuse(413, f"A recording may have {LARGEST // 2**20} MB at most.")(scope, receive, send)
            return
        if self.coming + int(length) + uploads.held(self.folder) > ROOM:
            await _refuse(503, "Too many recordings are waiting: try again in a minute.")(scope, receive, send)
            return
        self.coming += int(length)
        try:
            await self.app(scope, receive, _with_headers(send))
        finally:
            self.coming -= int(length)

    async def _asking(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > ENVELOPE:
                await _refuse(413, "That is too much to ask.")(scope, receive, send)
                return
            if not message.get("more_body"):
                break
        try:
            foreign = any(not uploads.inside(path, self.folder) for path in named_files(json.loads(body or b"null")))
        except (ValueError, RecursionError):
            await _refuse(400, "That is no JSON.")(scope, receive, send)
            return
        if foreign:
            await _refuse(403, "Only a recording that was uploaded here can be asked about.")(scope, receive, send)
            return
        await self.app(scope, _once(body, receive), _with_headers(send))


def named_files(value: object) -> Iterator[object]:
    """Whatever stands under "path" anywhere in a JSON value."""
    if isinstance(value, dict):
        if "path" in value:
            yield value["path"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from named_files(one)


def _refuse(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(text, status_code=status)


def _once(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, and after it what else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *HEADERS]}
        await send(message)

    return sent
