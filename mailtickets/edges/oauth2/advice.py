"""What a person has to do about a dead token: for mails to ops, `oauth status` and `check`. Pure.

Microsoft names the cause by a number in its description (AADSTS...); the number says more than OAuth2's code.
"""

import re

_REPLACE_IT = "The client secret is wrong: make a new one under Certificates & secrets, and copy its Value, not its ID."
_NO_DELEGATION = (
    "Domain-wide delegation is missing: in the admin console, Security, API controls, add the service account's"
    " client ID with the scope https://mail.google.com/."
)
_MICROSOFT = {
    "50034": "The user does not exist in this directory: look at the address and at oauth.tenant.",
    "50057": "The user's account is disabled: enable it in Entra ID, or log in as another user.",
    "50076": "Microsoft asks for a second factor: run `mailtickets oauth login {name}` and confirm it there.",
    "50079": "Microsoft asks for a second factor: run `mailtickets oauth login {name}` and confirm it there.",
    "50105": "The user is not assigned to the application: assign it under Enterprise applications, Users and groups.",
    "50173": "The user's password was changed or the sessions were revoked: run `mailtickets oauth login {name}`.",
    "53003": "A Conditional Access rule blocks the login: exempt this application, or its network address, from it.",
    "65001": "Nobody has consented: grant admin consent under App registrations, API permissions.",
    "70002": _REPLACE_IT,
    "70008": "The login has expired: run `mailtickets oauth login {name}`.",
    "90002": "There is no such directory: oauth.tenant must be the Directory (tenant) ID, or a domain of it.",
    "500011": "The directory does not know Exchange Online under this scope: look at oauth.scopes.",
    "700016": "The directory does not know this application: look at oauth.client_id and oauth.tenant.",
    "700027": "The certificate is not registered: upload certificate_file under Certificates & secrets, Certificates.",
    "700082": "The login was unused for 90 days and has expired: run `mailtickets oauth login {name}`.",
    "7000215": _REPLACE_IT,
    "7000218": "The application is no public client: allow public client flows under Authentication, or give a secret.",
    "7000222": "The client secret has expired: make a new one under Certificates & secrets, and set oauth.expires.",
}
_GOOGLE = (
    ("short-lived", "The clock of this machine is wrong: Google accepts a difference of a few minutes at most."),
    ("not authorized", _NO_DELEGATION),
    ("invalid email", "oauth.subject is no user of the domain: it must be the mailbox's main address, not an alias."),
    ("signature", "The service account's key was deleted: make a new key and replace service_account_file."),
)
_BY_ERROR = {
    "invalid_grant": "The login is no longer good (revoked, expired, or the password was changed): run"
    " `mailtickets oauth login {name}`.",
    "invalid_client": "The client ID or its secret is not accepted: look at client_id, and replace the secret.",
    "unauthorized_client": "The application may not do this: grant it this flow and these scopes at the provider.",
    "interaction_required": "The provider wants a person: run `mailtickets oauth login {name}`.",
    "consent_required": "Nobody has consented: an administrator has to grant consent to the application.",
    "login_required": "The provider wants a person: run `mailtickets oauth login {name}`.",
    "invalid_scope": "The provider does not know the scopes: look at oauth.scopes and the application's permissions.",
    "access_denied": "Consent was refused: run `mailtickets oauth login {name}` again, as the mailbox's user.",
    "expired_token": "The code was not entered in time: run `mailtickets oauth login {name}` again.",
    "unsupported_grant_type": "The provider does not offer this flow: look at oauth.flow and oauth.token_url.",
}
_GOOGLE_TESTING = " At Google, logins end after 7 days while the consent screen is in Testing: make it Internal."


def advice_for(provider: str, error: str, reason: str) -> str:
    """One or two sentences. `{name}` in them stands for the name of the `[[oauth]]` table."""
    number = re.search(r"AADSTS(\d{4,8})", reason)
    if number and number[1] in _MICROSOFT:
        return _MICROSOFT[number[1]]
    if provider == "google":
        known = next((advice for sign, advice in _GOOGLE if sign in reason.lower()), "")
        if known:
            return known
    advice = _BY_ERROR.get(error, "Look up this error in the provider's documentation.")
    return advice + (_GOOGLE_TESTING if provider == "google" and error == "invalid_grant" else "")
