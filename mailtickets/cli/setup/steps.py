"""What an administrator does at Microsoft or Google before the desk can log in, filled in with the answers.

Pure: answers come in, lines go out. What is not known yet is shown in capital letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from mailtickets.cli.setup import secrets
from mailtickets.cli.setup.answers import InitAnswers

WIDTH = 100
GOOGLE_SCOPE = "https://mail.google.com/"


@dataclass(frozen=True, slots=True)
class AdminStep:
    """One thing to do."""

    text: str
    lines: Sequence[str] = ()
    """Commands, or values to copy, as they are typed."""


def steps(answers: InitAnswers) -> list[AdminStep]:
    """All steps for this provider and this way of login; none where there is nothing to do but to know a password."""
    address = answers.address or "ADDRESS"
    match answers.provider, answers.login:
        case "microsoft", "certificate" | "client_secret":
            return _microsoft_application(answers, address)
        case "microsoft", "device_code":
            return _microsoft_person(answers, address)
        case "google", "service_account":
            return _google_service_account(answers, address)
        case "google", "refresh_token":
            return _google_person(address)
        case "google", _:
            return _google_password(address)
    return []


def text(found: Sequence[AdminStep]) -> str:
    """The steps as they are printed and as the pages in docs/providers show them."""
    lines: list[str] = []
    for number, step in enumerate(found, 1):
        lines += wrap(f"{number}. {step.text}", WIDTH, subsequent_indent="   ", break_on_hyphens=False)
        lines += [f"       {line}" for line in step.lines]
    return "\n".join(lines)


# --- Microsoft 365 --------------------------------------------------------------------------------------


def _microsoft_application(answers: InitAnswers, address: str) -> list[AdminStep]:
    given = answers.oauth
    tenant, client, object_id = given.tenant or "TENANT", given.client_id or "CLIENT_ID", given.object_id or "OBJECT_ID"
    proof = "upload the certificate (the .pem or .crt file; the key stays with you)."
    if answers.login == "client_secret":
        proof = "make a client secret, copy its Value at once (not its ID), and note the day when it expires."
    return [
        AdminStep(
            "entra.microsoft.com, App registrations, New registration: any name, accounts in this organizational "
            f"directory only. Note the Application (client) ID and the Directory (tenant) ID:{_noted(answers)}"
        ),
        AdminStep(f"There, Certificates & secrets: {proof}"),
        AdminStep(
            "There, API permissions, Add a permission, APIs my organization uses, Office 365 Exchange Online, "
            "Application permissions:",
            ("IMAP.AccessAsApp", "SMTP.SendAsApp"),
        ),
        AdminStep("There: Grant admin consent. Each permission must then say Granted."),
        AdminStep(
            "Enterprise applications, the application of the same name: copy its Object ID. The Object ID under App "
            "registrations is another one, and with it the login is refused."
        ),
        AdminStep(
            "In PowerShell, as an Exchange administrator:",
            (
                "Install-Module ExchangeOnlineManagement",
                f"Connect-ExchangeOnline -Organization {tenant}",
                f"New-ServicePrincipal -AppId {client} -ObjectId {object_id}",
                f"Add-MailboxPermission -Identity {address} -User {object_id} -AccessRights FullAccess",
                *_mailbox_settings(address),
            ),
        ),
        _PATIENCE,
    ]


def _noted(answers: InitAnswers) -> str:
    given = answers.oauth
    known = f" {given.client_id} and {given.tenant}." if given.client_id and given.tenant else ""
    return known or " `init` asks for both."


def _mailbox_settings(address: str) -> tuple[str, ...]:
    return (
        f"Set-CASMailbox -Identity {address} -ImapEnabled $true -SmtpClientAuthenticationDisabled $false",
        f"Get-CASMailbox -Identity {address} | Format-List ImapEnabled,SmtpClientAuthenticationDisabled",
    )


_PATIENCE = AdminStep("Wait. Exchange may need half an hour until it knows the new rights.")


def _microsoft_person(answers: InitAnswers, address: str) -> list[AdminStep]:
    tenant = answers.oauth.tenant or "TENANT"
    return [
        AdminStep(
            "entra.microsoft.com, App registrations, New registration: any name, accounts in this organizational "
            f"directory only. Note the Application (client) ID and the Directory (tenant) ID:{_noted(answers)}"
        ),
        AdminStep("There, Authentication, Advanced settings: Allow public client flows: Yes."),
        AdminStep(
            "There, API permissions, Add a permission, Microsoft Graph, Delegated permissions:",
            ("IMAP.AccessAsUser.All", "SMTP.Send", "offline_access"),
        ),
        AdminStep(
            "In PowerShell, as an Exchange administrator:",
            (
                "Install-Module ExchangeOnlineManagement",
                f"Connect-ExchangeOnline -Organization {tenant}",
                *_mailbox_settings(address),
            ),
        ),
        AdminStep(
            f"On any machine with a browser, as {address}: enter the code that this command shows.",
            ("mailtickets oauth login microsoft",),
        ),
    ]


# --- Google ---------------------------------------------------------------------------------------------


def _google_service_account(answers: InitAnswers, address: str) -> list[AdminStep]:
    client = answers.oauth.client_id or secrets.google_client(answers.oauth.service_account_file)
    return [
        AdminStep("console.cloud.google.com: make a project, and in it enable the Gmail API."),
        AdminStep(
            "IAM & Admin, Service Accounts, Create service account: any name, no roles. Its Keys, Add key, JSON: a "
            "file is downloaded. Its Details show the Unique ID, which is the client ID."
        ),
        AdminStep(
            "admin.google.com, as a super administrator: Security, Access and data control, API controls, Manage "
            "domain-wide delegation, Add new, with this client ID and this scope:",
            (client or "CLIENT_ID", GOOGLE_SCOPE),
        ),
        AdminStep(
            "admin.google.com: Apps, Google Workspace, Gmail, End User Access: IMAP is enabled for the organisational "
            f"unit of {address}, for any mail client."
        ),
        AdminStep("Wait. Google may need some minutes, rarely a day, until it knows the delegation."),
    ]


def _google_person(address: str) -> list[AdminStep]:
    return [
        AdminStep("console.cloud.google.com: make a project, and in it enable the Gmail API."),
        AdminStep(
            "Google Auth Platform, Audience: Internal. While it is External and Testing, the login dies after seven "
            "days."
        ),
        AdminStep("Google Auth Platform, Data Access: add this scope:", (GOOGLE_SCOPE,)),
        AdminStep(
            "Google Auth Platform, Clients, Create client, Desktop app: note the client ID and the client secret."
        ),
        AdminStep(
            f"On any machine with a browser, as {address}: follow what this command says. A later change of the "
            "account's password ends the login, and the command is needed again.",
            ("mailtickets oauth login google",),
        ),
    ]


def _google_password(address: str) -> list[AdminStep]:
    return [
        AdminStep(f"myaccount.google.com, as {address}: Security, turn on 2-Step Verification."),
        AdminStep(
            "myaccount.google.com/apppasswords: make an app password. Its sixteen letters are the password here."
        ),
        AdminStep(
            "Google Workspace only: the administrator can forbid both. admin.google.com: Security, Authentication, "
            "2-step verification; and Apps, Google Workspace, Gmail, End User Access, for IMAP."
        ),
    ]
