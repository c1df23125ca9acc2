"""Keys as people give them: in the environment or in a file, and by mistake in the config itself."""

import re
from pathlib import Path

import pytest

from svit.config import RunConfig, changed, read_config
from svit.errors import SvitError
from svit.providers.openai.api_key import looks_like_key, read_key, refuse_literal_key
from svit.setup.chosen_provider import check_requests, provider

KEY = "sk-canary-5d1f0c7e9b"
NAME = "OPENAI_API_KEY"


def from_file(folder: Path, content: bytes, said: list[str] | None = None) -> str:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    return read_key(NAME, path, {}, (said if said is not None else []).append)


@pytest.mark.parametrize(
    "around", ["{}", "{}\n", "\r\n {}\t\r\n", "\ufeff{}\n", "\u00a0{}\u00a0", " \ufeff {}", "{}\u2028", "\x0b{}\x0c"]
)
def test_white_space_and_a_byte_order_mark_around_a_key_have_one_meaning(tmp_path: Path, around: str) -> None:
    assert read_key(NAME, None, {NAME: around.format(KEY)}) == KEY
    assert from_file(tmp_path, around.format(KEY).encode()) == KEY


@pytest.mark.parametrize(
    "key", ["a", "sk/with+all=", "eyJ.eyJ.sig_-", "key:with;signs!#$%&()*,@[]^{|}~?", "ABCDEF==", "x" * 4000]
)
def test_any_visible_ascii_may_be_a_key(tmp_path: Path, key: str) -> None:
    assert read_key(NAME, None, {NAME: key}) == key
    assert from_file(tmp_path, key.encode()) == key


WRONG = [
    (f"{KEY}\nmore", "a line end inside"),
    (f"{KEY}\rmore", "a line end inside"),
    (f"{KEY}\u2028more", "a line end inside"),
    (f'"{KEY}"', "quotation marks"),
    (f"'{KEY}'", "quotation marks"),
    (f"`{KEY}`", "quotation marks"),
    (f"\u201c{KEY}\u201d", "quotation marks"),
    (f'{KEY}"', "quotation marks"),
    (f"Bearer {KEY}", "a whole header"),
    (f"bearer\t{KEY}", "a whole header"),
    (f"Authorization: Bearer {KEY}", "a whole header"),
    (f"api-key: {KEY}", "a whole header"),
    (f"OPENAI_API_KEY={KEY}", "NAME=key"),
    (f"export OPENAI_API_KEY={KEY}", "NAME=key"),
    (f"OPENAI_API_KEY = {KEY}", "NAME=key"),
    ("$OPENAI_API_KEY", "should have filled in"),
    ("${OPENAI_API_KEY}", "should have filled in"),
    ("<your key>", "should have filled in"),
    ("%OPENAI_API_KEY%", "should have filled in"),
    (f"{KEY} more", "a space inside, as character 21"),
    (f"{KEY}\tmore", "(U+0009) as character 21"),
    (f"\u200b{KEY}", "(U+200B) as character 1"),
    (f"{KEY}\u200b", "(U+200B) as character 21"),
    (f"sk\u00ad-{KEY}", "(U+00AD) as character 3"),
    (f"{KEY}\u00a0more", "(U+00A0) as character 21"),
    (f"sk\ufeff-{KEY}", "(U+FEFF) as character 3"),
    (f"sk-\x07{KEY}", "(U+0007) as character 4"),
    (f"sk-\x7f{KEY}", "(U+007F) as character 4"),
    (f"sk\u2013{KEY}", "not ASCII as character 3"),
    (f"\u0455k-{KEY}", "not ASCII as character 1"),
    (f"{KEY}\udcff", "(U+DCFF) as character 21"),
    (rf"{KEY}\n", "a line end was meant"),
    (KEY * 500, "too long"),
]


@pytest.mark.parametrize(("key", "words"), WRONG)
def test_what_is_no_key_is_said_without_repeating_it(key: str, words: str) -> None:
    with pytest.raises(SvitError) as refused:
        read_key(NAME, None, {NAME: key})
    said = str(refused.value)
    assert said.startswith(f"The environment variable {NAME}: ")
    assert words in said
    assert f"{len(key):,} characters" in said
    assert said.isprintable()
    assert not any(KEY[n : n + 4] in said for n in range(len(KEY) - 3))


@pytest.mark.parametrize(
    "content", [f"# my key\n\n{KEY}\n", f"{KEY}\n# for the lab\n", f"\ufeff{KEY}\r\n\r\n", f"\n\n  {KEY}\n# {KEY}x\n"]
)
def test_a_key_file_may_have_comments_and_empty_lines(tmp_path: Path, content: str) -> None:
    assert from_file(tmp_path, content.encode()) == KEY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no key in it"),
        (b" \n\t\n", "no key in it"),
        (b"# only words\n", "no key in it"),
        (f"{KEY}\n{KEY}2\n".encode(), "2 lines in it that may be the key"),
        (f"OPENAI_API_KEY={KEY}\nOTHER=1\n# x".encode(), "2 lines in it"),
        (f"OPENAI_API_KEY={KEY}".encode(), "NAME=key"),
        (f"'{KEY}'".encode(), "quotation marks"),
        (KEY.encode("utf-16"), "no text in UTF-8"),
        (KEY.encode("utf-16-le"), "no text in UTF-8"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"k" * 70_000, "more than 65,536 bytes"),
    ],
)
def test_a_file_without_one_key_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SvitError, match=re.escape(words)) as refused:
        from_file(tmp_path, content)
    assert str(refused.value).startswith(f"key_file {tmp_path}/key: ")
    assert "canary" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SvitError, match=r"nowhere: it cannot be read: No such file"):
        read_key(NAME, tmp_path / "nowhere", {NAME: KEY})
    with pytest.raises(SvitError, match=r"cannot be read: Is a directory"):
        read_key(NAME, tmp_path, {})
    with pytest.raises(SvitError, match=r"expands ~ in a path, but no \$NAME"):
        read_key(NAME, Path("$HOME/key"), {})


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o644, True), (0o640, True)])
def test_a_key_file_that_others_can_read_is_warned_of_once(tmp_path: Path, mode: int, warned: bool) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(mode)
    said: list[str] = []
    assert read_key(NAME, path, {}, said.append) == KEY
    assert said == ([f"Warning: key_file {path} is open to others than you (mode {mode:04o}): chmod 600 it."] * warned)


@pytest.mark.parametrize(
    "name", ["api_key", "apiKey", "API-KEY", "openai_api_key", "OPENAI_API_KEY", "key", "token", "secret", "password"]
)
def test_a_key_in_the_config_is_told_where_it_belongs(name: str) -> None:
    with pytest.raises(SvitError, match="a key does not stand in a config") as refused:
        changed({"provider": "openai", name: KEY}, {}, name="c.yaml")
    assert str(refused.value).startswith(f"c.yaml: '{name}': ")
    assert "canary" not in str(refused.value)


def test_the_settings_of_a_config_are_no_keys() -> None:
    refuse_literal_key(RunConfig.model_fields, name="c.yaml")


@pytest.mark.parametrize(
    "name",
    [
        KEY,
        "sk-proj-5d1f0c7e9b2a",
        "gsk_5d1f0c7e9b2a5d1f0c7e",
        "AIzaSyA5d1f0c7e9b2a",
        "0a1b2c3d" * 4,
        f"${{{NAME}}}",
        "MY KEY",
    ],
)
@pytest.mark.parametrize("provider", ["openai", "offline"])
def test_a_key_for_the_name_of_a_variable_is_refused_and_not_repeated(name: str, provider: str) -> None:
    with pytest.raises(SvitError, match=rf"^key_env: .*{len(name)} characters") as refused:
        check_requests(RunConfig(provider=provider, key_env=name), [])  # type: ignore[arg-type]
    assert name not in str(refused.value)


def test_a_key_for_the_name_of_a_file_is_refused_and_not_repeated() -> None:
    with pytest.raises(SvitError, match=r"^key_file: .* looks like a key itself") as refused:
        check_requests(RunConfig(provider="openai", key_file=Path(KEY)), [])
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "VLLM_API_KEY", "HF_TOKEN", "sk", "my_openai_key_for_the_lab", "KEY_2"]
)
def test_names_of_variables_are_no_keys(name: str) -> None:
    assert not looks_like_key(name)
    check_requests(RunConfig(key_env=name), [])


def test_the_home_folder_is_filled_in_in_every_path_of_a_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "c.yaml").write_text("{key_file: ~/key, prices: ~/p.yaml, models: '~/m.yaml', prompts: ~/prompts}")
    config = read_config(tmp_path / "c.yaml", {})
    paths = (config.key_file, config.prices, config.models, config.prompts)
    assert paths == tuple(tmp_path / name for name in ("key", "p.yaml", "m.yaml", "prompts"))
    assert RunConfig(key_file=Path("$HOME/~")).key_file == Path("$HOME/~")


@pytest.mark.parametrize(
    ("path", "words"), [("~nobody-of-this-name/key", "no such home folder"), ('"a\\0b"', "no character U+0000")]
)
def test_a_path_that_can_be_none_is_said_with_its_key(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "c.yaml").write_text(f"key_file: {path}")
    with pytest.raises(SvitError, match=rf"c\.yaml: 'key_file': .*{re.escape(words)}"):
        read_config(tmp_path / "c.yaml", {})


def test_a_server_on_this_machine_needs_no_key_and_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    for address in ("http://localhost:1/v1", "http://127.3.2.1:1/v1", "http://0.0.0.0:1/v1", "http://[::1]:1/v1"):
        provider(RunConfig(provider="openai", base_url=address), lambda _: None)
    with pytest.raises(SvitError, match="There is no API key: set OPENAI_API_KEY"):
        provider(RunConfig(provider="openai", base_url="http://10.0.0.1/v1"), lambda _: None)


def test_what_json_keeps_of_a_config_has_no_query_and_remembers_its_names() -> None:
    config = RunConfig(provider="openai", base_url=f"https://h/v1?api-version=1&token={KEY}&sig=${{SIG}}")
    written = config.model_dump(mode="json")
    assert written["base_url"] == "https://h/v1?api-version=1&sig=${SIG}"
    assert written["base_url_left_out"] == ["token"]
    assert KEY not in repr(config)
    again = changed(written, {}, name="run.json")
    assert again.model_dump(mode="json") == written, "a rebuilt run remembers it too"
    with pytest.raises(SvitError, match=r"base_url https://h/v1 had a query \(\?token=\.\.\.\) .* give --config FILE"):
        provider(again, lambda _: None)
    assert again.asked_where(config).base_url == config.base_url
    assert "base_url_left_out" not in RunConfig().model_dump(mode="json")


@pytest.mark.parametrize(
    "address", ["localhost:8000/v1", f"http://me:{KEY}@h/v1", "http://h:0/v1", "https://h/openai/deployments/d"]
)
def test_a_wrong_address_is_said_with_the_first_look_at_a_config_and_needs_no_key(address: str) -> None:
    config = RunConfig(provider="openai", base_url=address)
    with pytest.raises(SvitError, match=r"^base_url '"):
        check_requests(config, [])
    check_requests(RunConfig(base_url=address), [])
    check_requests(RunConfig(provider="openai", base_url="http://h/v1?token=${NOT_SET_YET}"), [])
    assert KEY not in config.model_dump_json()


@pytest.mark.parametrize("value", ["~", "[http://h/v1]", "8000", "{a: 1}", "true"])
def test_an_address_that_is_no_text_is_said_with_its_key(tmp_path: Path, value: str) -> None:
    (tmp_path / "c.yaml").write_text(f"base_url: {value}")
    with pytest.raises(SvitError, match=r"c\.yaml: 'base_url': Input should be a valid string"):
        read_config(tmp_path / "c.yaml", {})


def test_what_the_environment_puts_into_headers_is_secret_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY", KEY)
    hidden: list[str] = []
    config = RunConfig(
        provider="openai", base_url="http://localhost/v1", extra_headers={"x-gateway-key": "Bearer ${GATEWAY}"}
    )
    asked = provider(config, lambda _: None, hidden.extend)
    assert KEY in hidden
    assert KEY not in repr(asked)
