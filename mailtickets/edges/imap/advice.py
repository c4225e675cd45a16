"""What a person has to do when a provider does not let us in: for alarms, `check` and `status`. Pure."""

from mailtickets.config.credentials import Method

_PROVIDERS = {
    "office365.com": "microsoft",
    "outlook.com": "microsoft",
    "gmail.com": "google",
    "googlemail.com": "google",
}
_HINTS: dict[tuple[str, Method], str] = {
    ("microsoft", "password"): "Microsoft 365 accepts no passwords over IMAP, only OAuth2: make a table [[oauth]] with "
    'provider = "microsoft" and name it in imap_in.oauth',
    ("microsoft", "token"): "at Microsoft 365 the application needs the permission IMAP.AccessAsApp of Office 365 "
    "Exchange Online with admin consent and the scope https://outlook.office365.com/.default; a person's login needs "
    "the scope https://outlook.office.com/IMAP.AccessAsUser.All; the username must be the mailbox's address",
    ("google", "password"): "Gmail wants an app password, which an account with two-step verification can make",
    ("google", "token"): "at Google the token needs the scope https://mail.google.com/ and must be of this user; the "
    "user or the administrator may have switched IMAP off",
}


def refusal_hint(host: str, method: Method = "password") -> str:
    """What a refused login usually means at a large provider. Empty, or a sentence that follows a semicolon."""
    provider = next((name for domain, name in _PROVIDERS.items() if host.endswith(domain)), "")
    hint = _HINTS.get((provider, method))
    return f"; {hint}" if hint else ""


def not_connected_advice(username: str) -> str:
    """For a server that accepts the token and then opens no folder: Microsoft's "User is authenticated but not
    connected".
    """
    return (
        f"the token opens no mailbox {username!r}. Look at the address (imap_in.username: the mailbox's own, also of a "
        "shared one), the grant (New-ServicePrincipal with the Object ID of Enterprise applications, not of App "
        "registrations, then Add-MailboxPermission with FullAccess; a person needs Full Access), the scope "
        "(https://outlook.office365.com/.default; a person: IMAP.AccessAsUser.All), and that IMAP is on. A new grant "
        "may take an hour"
    )
