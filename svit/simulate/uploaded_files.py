"""`/v1/files`: what goes into batches and what comes out."""

import orjson

from svit.simulate.chat_completions import RequestProblem
from svit.simulate.file_store import StoredFile
from svit.simulate.http import SimulatedReply
from svit.simulate.incoming import ReceivedRequest
from svit.simulate.multipart_form import fields
from svit.simulate.result_pages import asked_page, page

MOST_BYTES = 200_000_000
"""Of a batch's input: 200 MB, in the stricter of its two meanings."""
_MOST_LISTED = 10_000


class Files:
    """The files that there are, the oldest first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin with none."""
        self._files: dict[str, StoredFile] = {}
        self._most_bytes = most_bytes

    def get(self, ident: str) -> StoredFile | RequestProblem:
        """Return the file of that id, or the problem that there is none."""
        return self._files.get(ident) or RequestProblem(404, None, f"No such File object: {ident}", param="id")

    def add(self, file: StoredFile) -> StoredFile:
        """Take in a file."""
        self._files[file.id] = file
        return file

    def reply(self, request: ReceivedRequest, names: list[str], query: str) -> SimulatedReply | RequestProblem:
        """Return what is answered; `names` is the address after `/files`."""
        match request.method, names:
            case "POST", []:
                return self._upload(request)
            case "GET", []:
                return self._list(asked_page(query))
            case "GET" | "DELETE", [ident]:
                file = self.get(ident)
                if isinstance(file, RequestProblem):
                    return file
                return self._delete(file) if request.method == "DELETE" else _said(file.described())
            case "GET", [ident, "content"]:
                file = self.get(ident)
                if isinstance(file, RequestProblem):
                    return file
                return SimulatedReply(200, file.read(), content_type=b"application/octet-stream")
        return RequestProblem(
            404, "unknown_url", f"Unknown request URL: {request.method} {request.path.partition('?')[0]}."
        )

    def _upload(self, request: ReceivedRequest) -> SimulatedReply | RequestProblem:
        form = fields(request.headers.get(b"content-type", b""), request.body)
        if isinstance(form, RequestProblem):
            return form
        for name in ("file", "purpose"):
            if name not in form:
                return RequestProblem(400, None, f"'{name}' is a required property.", param=name)
        sent, purpose = form["file"], form["purpose"].text
        if sent.filename is None:
            return RequestProblem(400, None, "Expected file to have a name.", param="file")
        if purpose != "batch":
            return RequestProblem(
                400, "invalid_value", f"'{purpose}' is not simulated: only 'batch' is.", param="purpose"
            )
        if len(sent.data) > self._most_bytes:
            message = f"The file has {len(sent.data)} bytes; for batches {self._most_bytes} are the most."
            return RequestProblem(413, "file_too_large", message, param="file")
        file = StoredFile(sent.filename, purpose)
        try:
            file.append(sent.data)
        except OSError as error:
            return RequestProblem(500, None, f"The file cannot be kept: {error.strerror}.", "server_error")
        return _said(self.add(file).described())

    def _list(self, asked: dict[str, str]) -> SimulatedReply | RequestProblem:
        wanted = asked.get("purpose")
        files = [file.described() for file in self._files.values() if wanted in (None, file.purpose)]
        if asked.get("order", "desc") == "desc":
            files.reverse()
        body = page(files, asked, most=_MOST_LISTED, usual=_MOST_LISTED)
        return body if isinstance(body, RequestProblem) else SimulatedReply(200, body)

    def _delete(self, file: StoredFile) -> SimulatedReply:
        del self._files[file.id]
        return _said({"id": file.id, "object": "file", "deleted": True})


def _said(body: dict[str, object]) -> SimulatedReply:
    return SimulatedReply(200, orjson.dumps(body))
