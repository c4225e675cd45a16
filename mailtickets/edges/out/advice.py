"""What a person has to do when a large provider refuses the login at its smarthost. Pure."""

from mailtickets.config.credentials import Method

_PASSWORDS_ARE_OFF = (
    "Microsoft 365 has switched passwords off for SMTP: make a table [[oauth]] with provider = "
    '"microsoft" and name it in delivery.oauth; until then an administrator may allow passwords again'
)
_SMTP_AUTH_IS_OFF = (
    "SMTP AUTH is switched off at Microsoft 365, whatever the login: an administrator switches it on for the mailbox "
    "(Set-CASMailbox -Identity MAILBOX -SmtpClientAuthenticationDisabled $false)"
)
_SEND_AS_APP = (
    "at Microsoft 365 the application needs the permission SMTP.SendAsApp of Office 365 Exchange Online with admin "
    "consent and the scope https://outlook.office365.com/.default; a person's login needs the scope "
    "https://outlook.office.com/SMTP.Send; delivery.username must be the mailbox's address, which the application or "
    "the person has been given Full Access to"
)
_GOOGLE_SCOPE = "at Google the token needs the scope https://mail.google.com/ and must be of this user"
_GOOGLE_APP_PASSWORD = "Gmail wants an app password, which an account with two-step verification can make"  # noqa: S105


def login_hint(host: str, method: Method, reply: str) -> str:
    """What this refusal of a login means at a large provider. Empty, or a sentence that follows a semicolon."""
    hint = _hint(host.casefold(), method, reply.casefold())
    return f"; {hint}" if hint else ""


def smtp_auth_is_off(reply: str) -> bool:
    """Whether the account may not log in for SMTP at all, so that no other secret changes anything."""
    return "smtpclientauthentication" in reply.casefold()


def _hint(host: str, method: Method, reply: str) -> str:
    if smtp_auth_is_off(reply):
        return _SMTP_AUTH_IS_OFF
    if "5.7.30" in reply or "basic authentication" in reply:
        return _PASSWORDS_ARE_OFF
    if method == "token":
        if host.endswith(("office365.com", "outlook.com")):
            return _SEND_AS_APP
        return _GOOGLE_SCOPE if host.endswith(("gmail.com", "googlemail.com")) else ""
    if host.endswith(("gmail.com", "googlemail.com")) and ("5.7.8" in reply or "5.7.9" in reply):
        return _GOOGLE_APP_PASSWORD
    return ""
