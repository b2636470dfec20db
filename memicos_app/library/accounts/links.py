"""Links by e-mail: they sign in whoever has the mailbox, or confirm a person's new address. Each works once."""

from __future__ import annotations

import logging
from urllib.parse import urlencode, urlsplit

from memicos_app.db.text import storable
from memicos_app.library.accounts import attempts, letters, mails, notifications, onward, secret_words, users
from memicos_app.library.accounts.letters import Letter
from memicos_app.library.accounts.names import checked_email
from memicos_app.library.accounts.rights import mode
from memicos_app.library.accounts.users import Account
from memicos_app.library.errors import ForbiddenError, SignInError, UnavailableError
from memicos_app.library.query import rows_in, run_in, writing
from memicos_app.settings import get_settings

MINUTES = 15
PAGE = "/auth/email"
logger = logging.getLogger(__name__)


def may_sign_up() -> bool:
    """Whether who comes for the first time gets an account."""
    wish = get_settings().sign_up
    return wish == "yes" or (wish == "auto" and mode() == "open")


async def ask(email: str, wish: str, site: str) -> None:
    """Send a link that signs in, or write it into the log where no mail is sent.

    The answer is the same whether or not there is an account: who has the mailbox reads the difference there.

    Args:
        wish: path to go to afterwards.
        site: address of this site, without a slash at the end; empty: nobody said it.

    Raises:
        BadInputError: this is no e-mail address.
        TooManyError: it was asked too often.
        UnavailableError: the mail could not be sent.
    """
    address = await _counted(email, site)
    account = await users.by_email(address)
    url = await _new(address, onward.place(wish), site)  # in every case: how long it takes tells nothing
    if account.disabled if account else not may_sign_up():
        await _deliver(address, letters.no_account(_host(site)), "")
        return
    await _deliver(address, letters.sign_in(_host(site), url, MINUTES), url)


async def ask_new_address(account: Account, email: str, site: str) -> None:
    """Send a link that gives a person this e-mail address; whose it is already, the mailbox alone learns.

    Raises as `ask`.
    """
    address = await _counted(email, site)
    url = await _new(address, "/account", site, account.id)
    if await users.by_email(address) is not None:
        await _deliver(address, letters.taken_address(_host(site), account.name), "")
        return
    await _deliver(address, letters.new_address(_host(site), url, account.name, MINUTES), url)


async def for_operator(account: Account, site: str) -> str:
    """A link that signs a person in, for whoever runs the site to hand over; it works without an e-mail address."""
    return await _new("", "/account", site, account.id)


async def forget(user_id: str) -> None:
    """No link that was sent before signs a person in, or gives them an address."""
    async with writing() as writer:
        await run_in(
            writer,
            """
            DELETE FROM sign_in_links
            WHERE user_id = :user OR email = (SELECT email FROM users WHERE id = :user)
            """,
            user=user_id,
        )
        await writer.commit()


async def follow(token: str) -> tuple[Account, str]:
    """Use a link up: who it signs in, and where they wanted to go.

    Raises:
        SignInError: it was used, is too old, or never was; or its person may not sign in any more.
        ForbiddenError: there is no account, and none is made.
    """
    await attempts.count(attempts.CODES, token[:100])
    async with writing() as writer:
        found = await rows_in(
            writer,
            """
            DELETE FROM sign_in_links WHERE token_hash = :hash AND expires_at > now()
            RETURNING email, user_id, next
            """,
            hash=secret_words.hashed(token),
        )
        await writer.commit()
    if not found:
        raise SignInError("This link was used already or is too old. Ask for a new one.", field="token")
    email, user_id = found[0]["email"], found[0]["user_id"]
    if user_id is not None:
        account = await users.by_id(user_id)
    else:
        account = await users.by_email(email) or await _first_time(email)
    if account.disabled:
        raise SignInError("This account may not sign in any more.", field="token")
    if email and email != account.email:
        await users.set_email(account.id, email)
        notifications.soon(notifications.way_in_changed(account, f"{email} is the e-mail address of"))
    return account, found[0]["next"]


async def _counted(email: str, site: str) -> str:
    """The address, if a link may be sent there now."""
    address = checked_email(email)
    if mails.configured() and not site:
        raise UnavailableError("No link can be sent: whoever runs this site has to set PUBLIC_URL to its address.")
    await attempts.count(attempts.LINKS, address)
    return address


async def _first_time(email: str) -> Account:
    if not may_sign_up():
        raise ForbiddenError("There is no account for this address; whoever runs this site adds them.")
    return await users.add_unnamed(email.partition("@")[0], email=email)


async def _new(email: str, onto: str, site: str, user_id: str | None = None) -> str:
    token = secret_words.new()
    async with writing() as writer:
        await run_in(writer, "DELETE FROM sign_in_links WHERE expires_at < now()")
        await run_in(
            writer,
            """
            INSERT INTO sign_in_links (token_hash, email, user_id, next, expires_at)
            VALUES (:hash, :email, :user, :next, now() + make_interval(mins => :minutes))
            """,
            hash=secret_words.hashed(token),
            email=storable(email),
            user=user_id,
            next=storable(onto),
            minutes=MINUTES,
        )
        await writer.commit()
    return f"{site}{PAGE}?{urlencode({'token': token})}"


async def _deliver(address: str, said: Letter, url: str) -> None:
    if mails.configured():
        await mails.send(address, said.subject, said.text, said.html)
    elif url:
        where = "" if urlsplit(url).netloc else ", after this site's address"
        logger.warning("No mail is sent here (SMTP_URL is empty). The link for %s%s: %s", address, where, url)
    else:
        logger.warning("No mail is sent here (SMTP_URL is empty), and there is no account for %s.", address)


def _host(site: str) -> str:
    return urlsplit(site).netloc
