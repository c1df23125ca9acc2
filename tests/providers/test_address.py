"""Addresses as people write them: what is said of each, what a file keeps of it, and which proxy is on the way."""

import re
from collections.abc import Mapping

import pytest

from svit.errors import SvitError
from svit.providers.openai.endpoint_address import expanded, is_loopback, kept, query_secrets, shown, whole_address
from svit.providers.openai.proxy import Proxy, proxy_for

WHOLE = (
    "http://localhost:8000/v1",
    "https://api.openai.com/v1",
    "HTTP://Host.Example/v1/",
    "http://host.example./v1",
    "http://llm_server-1:8000/v1",
    "http://10.0.0.5/v1/chat/completions",
    "http://[::1]:8000/v1",
    "http://[2001:db8::1]/v1",
    "https://b\u00fccher.example/v1",
    "https://\u4f8b\u3048.example/v1",
    "http://host/@team/v1",
    "http://host/v1?user=a@b",
    "http://host/v1?token=${TOKEN}",
    "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
)


@pytest.mark.parametrize("address", WHOLE)
def test_a_whole_address_is_taken_as_it_is_and_white_space_around_it_off(address: str) -> None:
    assert whole_address(address) == address
    assert whole_address(f" \ufeff {address}\r\n") == address


MEANT = [
    ("localhost:8000/v1", "http://localhost:8000/v1"),
    ("localhost", "http://localhost"),
    ("127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
    ("[::1]:8000/v1", "http://[::1]:8000/v1"),
    ("vllm:8000/v1", "http://vllm:8000/v1"),
    ("192.168.1.5:8000/v1", "http://192.168.1.5:8000/v1"),
    ("gpu.lan:8000/v1", "http://gpu.lan:8000/v1"),
    ("api.openai.com/v1", "https://api.openai.com/v1"),
    ("8.8.8.8/v1", "https://8.8.8.8/v1"),
    ("//host:80/v1", "http://host:80/v1"),
    ("http:/host/v1", "http://host/v1"),
    ("http:host/v1", "http://host/v1"),
    ("https//host/v1", "https://host/v1"),
    ("htp://host/v1", "http://host/v1"),
    ("htpps://host/v1", "https://host/v1"),
    ("http://http://host/v1", "http://host/v1"),
    (r"http:\\host:80\v1", "http://host:80/v1"),
]


@pytest.mark.parametrize(("address", "meant"), MEANT)
def test_an_address_that_is_not_whole_is_answered_with_the_one_that_was_meant(address: str, meant: str) -> None:
    with pytest.raises(SvitError) as refused:
        whole_address(address)
    assert str(refused.value).startswith(f"base_url '{address}' ")
    assert str(refused.value).endswith(f"did you mean {meant}?")
    assert whole_address(meant) == meant


WRONG = [
    ("", "is empty"),
    (" \n", "is empty"),
    ("ftp://host/v1", "begins with 'ftp://'"),
    ("ws://host/v1", "http:// and https:// only"),
    ("~/v1", "no whole address"),
    ("/v1", "no whole address"),
    (":8000/v1", "no whole address"),
    ("http://", "no host"),
    ("http:///v1", "no host"),
    ("https://:443/v1", "no host"),
    ("http://h:99999/v1", "the port 99999"),
    ("http://h:0/v1", "the port 0"),
    ("http://h:" + "9" * 5000, "the port 9999"),
    ("http://h:abc/v1", "port that is no number"),
    ("http://h:\uff18\uff10/v1", "port that is no number"),
    ("http://h:/v1", "no port after its colon"),
    ("http://h:80:90/v1", "several colons"),
    ("http://::1:8000/v1", "stands in brackets"),
    ("http://[::1:8/v1", "brackets that do not match"),
    ("http://::1]:8/v1", "brackets that do not match"),
    ("http://[::1]8/v1", "port that is no number"),
    ("http://[local]/v1", "no IPv6 address"),
    ("http://[fe80::1%eth0]:8/v1", "network interface"),
    ("http://256.1.1.1/v1", "no IP address"),
    ("http://a..b/v1", "cannot be one"),
    ("http://ho%20st/v1", "cannot be one"),
    ("http://-/v1", "cannot be one"),
    ("http://$HOST/v1", "cannot be one"),
    ("http://" + "a" * 64 + "/v1", "cannot be one"),
    ("http://h /v1", "white space inside"),
    ("http://h/v1\n/chat", "a line end inside"),
    ("http://h\u00a0/v1", "white space inside"),
    ("http://h\u200b/v1", "nobody sees (U+200B)"),
    ("http://h\0/v1", "nobody sees (U+0000)"),
    ("'http://h/v1'", "quotation marks"),
    ("\u201chttp://h/v1\u201d", "quotation marks"),
    ("http://h/v1#part", "after '#'"),
    ("http://h/${X}/v1", "only where it is the whole value"),
    ("http://h/v1?a=b${X}", "'a' in the query"),
    ("http://h/v1?a=$X", "'a' in the query"),
    ("https://h/openai/deployments/d", "?api-version="),
    ("https://h/openai/deployments/d?api-version=", "?api-version="),
]


@pytest.mark.parametrize(("address", "words"), WRONG)
def test_what_is_no_address_is_said_in_one_line(address: str, words: str) -> None:
    with pytest.raises(SvitError) as refused:
        whole_address(address)
    said = str(refused.value)
    assert said.startswith("base_url ")
    assert words in said
    assert said.endswith((".", "?"))
    assert said.isprintable()
    assert len(said) < 500


SECRET = "canary5d1f0c7e"
TELLING = [
    f"http://me:{SECRET}@host/v1",
    f"http://{SECRET}@host/v1",
    f"http://me:{SECRET}/9@host/v1",
    f"http://me:?{SECRET}@host/v1",
    f"http://me:#{SECRET}@host/v1",
    f"http://me:{SECRET}@@host/v1",
    f"http://me:{SECRET} @host/v1",
    f"me:{SECRET}@host:80/v1",
    f"htp://me:{SECRET}@host/v1",
    rf"http:\\me:{SECRET}@host",
    f"sk-{SECRET}{SECRET}",
    f"{SECRET}{SECRET}",
    f"host/v1?token={SECRET}",
    f"http://host:0/v1?token={SECRET}",
    f"http://host/v1#{SECRET}",
    f"http://host/v1?token={SECRET}${{X}}",
]


@pytest.mark.parametrize("address", TELLING)
def test_no_sentence_about_an_address_tells_what_is_secret_in_it(address: str) -> None:
    with pytest.raises(SvitError) as refused:
        whole_address(address)
    assert SECRET not in str(refused.value)
    if "@" in address:
        assert "a key comes from" in str(refused.value)


KEPT = [
    ("https://h/v1", "https://h/v1", []),
    (f"https://h/v1?token={SECRET}", "https://h/v1", ["token"]),
    (f"https://h/v1?{SECRET}", "https://h/v1", ["a value without a name"]),
    (f"https://h/d?api-version=2024-10-21&sig={SECRET}&x=", "https://h/d?api-version=2024-10-21", ["sig", "x"]),
    ("https://h/v1?token=${TOKEN}", "https://h/v1?token=${TOKEN}", []),
    (f"https://me:{SECRET}@h/v1?a%20b={SECRET}", "https://h/v1", ["a b"]),
    (f"http://[::1:8?token={SECRET}#{SECRET}", "http://[::1:8", ["token"]),
    ("https://h/" + "long/" * 100, "https://h/" + "long/" * 100, []),
]


@pytest.mark.parametrize(("address", "without", "names"), KEPT)
def test_a_file_keeps_an_address_without_its_query_but_for_the_version(
    address: str, without: str, names: list[str]
) -> None:
    assert kept(address) == (without, names)
    assert SECRET not in shown(address)


def test_a_query_may_name_environment_variables_which_are_filled_in_at_the_end() -> None:
    url = "https://h/v1?a=b%20c&token=${TOKEN}&sig=${SIG}"
    filled = expanded(url, {"TOKEN": "t/&k", "SIG": " s\n"})
    assert filled == "https://h/v1?a=b%20c&token=t%2F%26k&sig=s"
    assert {"t%2F%26k", "t/&k", "b c", "b%20c"} <= set(query_secrets(filled))
    with pytest.raises(SvitError, match="'sig' is to come from the environment variable SIG, which is not set"):
        expanded(url, {"TOKEN": "t", "SIG": " "})


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("http://localhost/v1", True),
        ("http://api.localhost:80/v1", True),
        ("http://127.8.9.1/v1", True),
        ("http://[::1]/v1", True),
        ("http://0.0.0.0:8000/v1", True),
        ("http://localhost.example/v1", False),
        ("http://192.168.1.1/v1", False),
        ("http://notlocalhost/v1", False),
    ],
)
def test_an_address_of_this_machine_is_known(address: str, loopback: bool) -> None:
    assert is_loopback(address) == loopback


HTTP, HTTPS, HERE = "http://api.example/v1", "https://api.example/v1", "http://127.0.0.1:8000/v1"
PROXIES: list[tuple[str, Mapping[str, str], str | None]] = [
    (HTTPS, {}, None),
    (HTTPS, {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
    (HTTPS, {"HTTPS_PROXY": "http://p:3128", "https_proxy": "http://q:1"}, "http://q:1"),
    (HTTPS, {"HTTPS_PROXY": "http://p:3128", "https_proxy": ""}, None),
    (HTTPS, {"HTTP_PROXY": "http://p:3128"}, None),
    (HTTPS, {"ALL_PROXY": "p:3128"}, "http://p:3128"),
    (HTTPS, {"all_proxy": "socks5://s:1", "https_proxy": "http://p:3128"}, "http://p:3128"),
    (HTTP, {"http_proxy": "me:pw@p:3128"}, "http://me:pw@p:3128"),
    (HTTP, {"http_proxy": "http://p:1", "NO_PROXY": "other,.example"}, None),
    (HTTP, {"http_proxy": "http://p:1", "NO_PROXY": "pi.example"}, "http://p:1"),
    (HTTP, {"http_proxy": "http://p:1", "NO_PROXY": "*.example"}, None),
    (HTTP, {"http_proxy": "http://p:1", "NO_PROXY": "*"}, None),
    (HTTP, {"http_proxy": "http://p:1", "NO_PROXY": "api.example:8000"}, "http://p:1"),
    ("http://api.example:8000/v1", {"http_proxy": "http://p:1", "NO_PROXY": "api.example:8000"}, None),
    ("http://10.1.2.3/v1", {"http_proxy": "http://p:1", "no_proxy": "192.168.0.0/16, 10.0.0.0/8"}, None),
    ("http://10.1.2.3/v1", {"http_proxy": "http://p:1", "no_proxy": "10.0.0.0/33"}, "http://p:1"),
    (HERE, {"http_proxy": "http://p:1"}, None),
    (HERE, {"http_proxy": "http://p:1", "no_proxy": "corp.example"}, None),
    (HERE, {"http_proxy": "http://localhost:3128"}, "http://localhost:3128"),
    (HERE, {"http_proxy": "127.0.0.1:9", "no_proxy": "127.0.0.1"}, None),
]


@pytest.mark.parametrize(("address", "environ", "proxy"), PROXIES)
def test_the_proxy_is_the_one_that_the_environment_names_for_the_host(
    address: str, environ: Mapping[str, str], proxy: str | None
) -> None:
    found = proxy_for(address, environ)
    assert (found.url if found else None) == proxy


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://me:{}@p:1080", "http proxies only"),
        ("socks5h://p:1080", "http proxies only"),
        ("http://me:{}@p:99999", "the port 99999"),
        ("http://me:{}@p:abc", "no number"),
        ("me:{}@p:port", "no number"),
        ("http://", "no host"),
        ("http://p q:80", "white space"),
        ("http://me:{}\u200b@p:80", "nobody sees"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str, words: str) -> None:
    with pytest.raises(SvitError) as refused:
        proxy_for(HTTPS, {"HTTPS_PROXY": proxy.format(SECRET)})
    assert re.search(rf"of HTTPS_PROXY cannot be used: .*{words}", str(refused.value))
    assert SECRET not in str(refused.value)


def test_a_proxy_shows_no_password_and_knows_what_it_sends() -> None:
    proxy = Proxy("http://me:p%40ss@p:1", "HTTPS_PROXY")
    assert str(proxy) == "the proxy http://p:1 (HTTPS_PROXY)"
    assert "ss" not in repr(proxy)
    assert {"p%40ss", "p@ss", "bWU6cEBzcw=="} <= set(proxy.secrets())
