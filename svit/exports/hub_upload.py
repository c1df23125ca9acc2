"""An export's files, its card among them, go to the Hugging Face Hub as a data set: private, unless said otherwise.

The token is the client's own affair: its environment (HF_TOKEN) or its login. It is in no message of ours.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from svit import __version__
from svit.errors import ProviderRefusesError, SvitError
from svit.text import one_line

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_LONGEST = 200
_REFUSED = (401, 403)


def push(folder: Path, names: Sequence[str], repo: str, *, public: bool = False) -> str:
    """Upload these files of the folder to the data set `repo` in one commit, and return its address.

    It is made when it is missing; its files of other names stay. A data set that is there keeps who can see it:
    SvitError where that is not what `public` says, so that nothing becomes public unmeant. SvitError too for a name
    that is none, a missing file, token or package; ProviderRefusesError when the hub refuses or cannot be reached.
    """
    api = client(repo)
    from huggingface_hub import CommitOperationAdd

    if missing := [name for name in names if not (folder / name).is_file()]:
        raise SvitError(f"There is no file {folder / missing[0]} to push.")
    with _told(repo):
        _make_or_refuse(api, repo, public=public)
        api.create_commit(
            repo_id=repo,
            repo_type="dataset",
            operations=[CommitOperationAdd(path_in_repo=name, path_or_fileobj=folder / name) for name in names],
            commit_message=f"Export of svit {__version__}",
        )
    return f"{api.endpoint}/datasets/{repo}"


def client(repo: str) -> "HfApi":
    """Return the hub's client; an export asks for it first, to know of what will stop it before the work is done.

    Raises SvitError where the package or a token is missing, or `repo` is no OWNER/NAME.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the client is imported
    try:
        import huggingface_hub
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import disable_progress_bars, validate_repo_id
    except ImportError:
        raise SvitError("Pushing needs the package huggingface_hub: pip install 'svit[hub]'.") from None
    try:
        validate_repo_id(repo)
    except HFValidationError:
        raise _no_name(repo) from None
    if "/" not in repo:
        raise _no_name(repo)
    if not huggingface_hub.get_token():
        raise SvitError("There is no token for the hub: set HF_TOKEN, or run 'hf auth login', then push again.")
    if not sys.stderr.isatty():
        disable_progress_bars()
    return huggingface_hub.HfApi(library_name="svit", library_version=__version__)


def _make_or_refuse(api: "HfApi", repo: str, *, public: bool) -> None:
    """Make the data set when it is missing; raise SvitError when it is there, and seen by others than was said."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        is_private = api.repo_info(repo, repo_type="dataset").private
    except RepositoryNotFoundError:
        api.create_repo(repo, repo_type="dataset", private=not public)
        return
    if not (is_private or public):
        raise SvitError(f"The data set {repo} is there and is public. Say --public if that is meant.")
    if is_private and public:
        raise SvitError(
            f"The data set {repo} is there and is private. Leave out --public, or change its settings first."
        )


@contextmanager
def _told(repo: str) -> Iterator[None]:
    """Raise what goes wrong with the hub as a sentence."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

    try:
        yield
    except HfHubHTTPError as error:
        status, words = error.response.status_code, _words(error.server_message or "")
        remedy = "Is the token one that may write there?" if status in _REFUSED else "The same command pushes again."
        raise ProviderRefusesError(
            f"The hub refuses to take {repo} (HTTP {status}{': ' if words else ''}{words}). {remedy}"
        ) from None
    except OfflineModeIsEnabled:
        raise ProviderRefusesError("The hub's client is set to be offline: unset HF_HUB_OFFLINE to push.") from None
    except (HTTPError, ConnectionError) as error:
        raise ProviderRefusesError(
            f"The hub cannot be reached: {_words(str(error)).rstrip('.')}. The same command pushes again."
        ) from None


def _words(message: str) -> str:
    """Return a message of others on one line, without the token, should it be in there."""
    from huggingface_hub import get_token

    token = get_token()
    return one_line(message.replace(token, "...") if token else message)[:_LONGEST]


def _no_name(repo: str) -> SvitError:
    return SvitError(f"'{repo}' is no name of a data set on the hub. Write it like OWNER/NAME.")
