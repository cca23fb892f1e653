"""The console behind a password: who gets in, for how long, and what a page tells a browser to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from console.web.app import Console
from console.web.door import FREE_GUESSES, SESSION_SECONDS
from tests.salon import Salon, open_test_salon
from tests.site import PASSWORD, Browser, Hands, open_site, text_of

PAGES = ["/", "/?booking=501", "/events/1", "/bookings/501", "/status", "/nowhere"]


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def console(salon: Salon, clock: Hands) -> Iterator[Console]:
    with open_site(salon, PASSWORD, clock) as console:
        yield console


@pytest.fixture
def browser(console: Console) -> Browser:
    return Browser(console, host="console.example")


@pytest.mark.parametrize("page", PAGES)
async def test_a_stranger_is_led_to_the_form_and_back_to_the_page_they_wanted(browser: Browser, page: str) -> None:
    led = await browser.get(page)

    assert (led.status_code, led.text) == (303, "")
    assert led.headers["location"] == f"/sign-in?next={quote(page, safe='')}"
    form = await browser.get(led.headers["location"])
    assert f'name="next" value="{page}"' in form.text
    opened = await browser.sign_in(wanted=page)
    assert (opened.status_code, opened.headers["location"]) == (303, page)
    assert (await browser.get("/")).status_code == 200


async def test_the_form_and_the_probes_name_neither_salon_nor_figures(browser: Browser) -> None:
    for page in ("/sign-in", "/healthz", "/readyz"):
        answer = await browser.get(page)
        assert answer.status_code == 200
        for told in ("Салон", "Анна", "zapisnik_", "test_"):
            assert told not in answer.text


async def test_a_session_cookie_is_for_this_site_and_not_for_scripts(browser: Browser) -> None:
    cookie = (await browser.sign_in()).headers["set-cookie"]

    for part in ("HttpOnly", "SameSite=lax", f"Max-Age={SESSION_SECONDS}", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie
    assert PASSWORD not in cookie


@pytest.mark.parametrize("proto", ["https", "HTTPS", "https, http"])
async def test_a_session_that_began_by_https_stays_on_https(browser: Browser, proto: str) -> None:
    form = {"password": PASSWORD}

    opened = await browser.post("/sign-in", form, x_forwarded_proto=proto)

    assert "Secure" in opened.headers["set-cookie"]


async def test_a_wrong_password_opens_nothing(browser: Browser) -> None:
    refused = await browser.sign_in("wrong", wanted="/status")

    assert refused.status_code == 401
    assert "Пароль не подошёл" in text_of(refused)
    assert "set-cookie" not in refused.headers
    assert 'name="next" value="/status"' in refused.text
    assert (await browser.get("/")).status_code == 303


async def test_guessing_is_slowed_down_even_for_the_right_guess(
    console: Console, browser: Browser, clock: Hands
) -> None:
    for _ in range(FREE_GUESSES):
        assert (await browser.sign_in("wrong")).status_code == 401

    slowed = await browser.sign_in(PASSWORD)

    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
    assert "Подождите 1 с" in text_of(slowed)
    assert (await Browser(console, address="10.0.0.2").sign_in()).status_code == 303
    clock.now += 1
    assert (await browser.sign_in(PASSWORD)).status_code == 303


async def test_a_session_ends_after_its_time(browser: Browser, clock: Hands) -> None:
    await browser.sign_in()
    clock.now += SESSION_SECONDS - 1
    assert (await browser.get("/")).status_code == 200
    clock.now += 1
    assert (await browser.get("/")).status_code == 303


async def test_another_password_ends_every_session(salon: Salon, browser: Browser, clock: Hands) -> None:
    await browser.sign_in()
    with open_site(salon, "a new password", clock) as changed:
        visitor = Browser(changed, host="console.example")
        visitor.cookies.update(browser.cookies)
        assert (await visitor.get("/")).status_code == 303
    with open_site(salon, PASSWORD, clock) as restarted:
        visitor = Browser(restarted, host="console.example")
        visitor.cookies.update(browser.cookies)
        assert (await visitor.get("/")).status_code == 200


async def test_an_altered_cookie_opens_nothing(browser: Browser) -> None:
    await browser.sign_in()
    ((name, session),) = browser.cookies.items()
    ends, signature = session.split(".")
    browser.cookies.clear()
    for forged in (f"{int(ends) + 9}.{signature}", f"{ends}.{'0' * 64}", ends, "true"):
        assert (await browser.get("/", cookie=f"{name}={forged}")).status_code == 303
    assert (await browser.get("/", cookie=f"{name}={session}")).status_code == 200


async def test_signing_out_ends_the_session_in_this_browser(browser: Browser) -> None:
    await browser.sign_in()
    assert 'action="/sign-out"' in (await browser.get("/")).text

    left = await browser.post("/sign-out")

    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert (await browser.get("/")).status_code == 303


async def test_a_stranger_cannot_sign_anybody_out(browser: Browser) -> None:
    refused = await browser.post("/sign-out")

    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert (await browser.get("/sign-out")).status_code == 303


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"])
async def test_signing_in_never_leads_to_another_site(browser: Browser, wanted: str) -> None:
    form = await browser.get(f"/sign-in?next={quote(wanted, safe='')}")
    assert 'name="next" value="/"' in form.text
    assert (await browser.sign_in(wanted=wanted)).headers["location"] == "/"
    # Now signed in, the form's own address leads on by itself.
    assert (await browser.get(f"/sign-in?next={quote(wanted, safe='')}")).headers["location"] == "/"


async def test_a_form_that_is_none_is_refused_in_words(browser: Browser) -> None:
    urlencoded = "application/x-www-form-urlencoded"
    for body, kind in (
        (b"password=" + b"x" * 5000, urlencoded),
        (b"&".join(b"a=b" for _ in range(50)), urlencoded),
        (b'{"password": "x"}', "application/json"),
        (b"", "multipart/form-data; boundary=x"),
    ):
        refused = await browser.send("/sign-in", body, content_type=kind)
        assert refused.status_code == 400
        assert "Форма пришла не целиком" in text_of(refused)
    assert (await browser.send("/sign-in", b"password=\xff%00%ff", content_type=urlencoded)).status_code == 401


@pytest.mark.parametrize("host", ["x/healthz?", "x/sign-in#", "x/static/?a="])
async def test_a_host_that_looks_like_an_open_page_opens_nothing(browser: Browser, host: str) -> None:
    """Doubly kept: the door does not read the address from there, and today's Starlette would refuse such a host."""
    answer = await browser.get("/events/1", host=host)

    assert answer.status_code == 303


async def test_a_stranger_hears_nothing_of_the_live_tail(browser: Browser) -> None:
    assert (await browser.get("/live", accept="text/event-stream")).status_code == 401


@pytest.mark.parametrize("page", ["/sign-in", "/status", "/nowhere", "/healthz"])
async def test_every_answer_tells_browsers_to_be_careful(browser: Browser, page: str) -> None:
    headers = (await browser.get(page)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


async def test_no_page_needs_what_its_own_policy_forbids(browser: Browser) -> None:
    await browser.sign_in()
    for page in ("/", "/events/1", "/status"):
        body = (await browser.get(page)).text
        for forbidden in ("<style", "style=", "onclick", "javascript:", "http://", "https://", "<script>"):
            assert forbidden not in body, (page, forbidden)


async def test_assets_are_open_and_kept_by_browsers(browser: Browser) -> None:
    style = await browser.get("/static/console.css")
    script = await browser.get("/static/live.js")

    assert (style.status_code, script.status_code) == (200, 200)
    assert "immutable" in style.headers["cache-control"]
    assert style.headers["content-type"].startswith("text/css")
    assert script.headers["content-type"].startswith("text/javascript")


async def test_without_a_password_only_this_machine_is_answered_and_nobody_signs_in(salon: Salon) -> None:
    with open_site(salon) as console:
        for host in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"):
            assert (await Browser(console, host=host).get("/")).status_code == 200
        rebound = await Browser(console, host="evil.example").get("/")
        assert rebound.status_code == 421
        assert "Салон" not in rebound.text
        assert (await Browser(console, host="evil.example").get("/readyz")).status_code == 421
        page = await Browser(console).get("/")
        assert "/sign-out" not in page.text
        assert (await Browser(console).get("/sign-in")).status_code == 404
