"""From files to tickets: tickets a second, beside Roundup, django-helpdesk and Request Tracker.

    python bench/tickets.py [--write] [--runs 3] [--mails 200] [--cache DIR]

The same mails for everybody, each from a person of its own: each becomes a ticket with an acknowledgement. Ours are
handed to the whole daemon over its LMTP socket, as an MTA does, and count when the last ticket stands in the database
with its acknowledgement. The others read them as their users have them read: `roundup-mailgw TRACKER mailbox FILE` (one
mbox, and, with fewer mails, a process for each as from /etc/aliases), django-helpdesk's `manage.py get_email` on a
directory. All keep SQLite; theirs send their acknowledgements into a file or nowhere, ours into a Maildir. They are
installed by pip into environments of their own in the cache directory, and left out, with the reason, where that fails.
Request Tracker is not on PyPI: it takes part where `rt-mailgate` is installed and `RT_URL` says where it listens.
"""

import asyncio
import mailbox
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import page

ROOT = Path(__file__).parents[1]
CACHE = Path(tempfile.gettempdir()) / "mailtickets-peers"
LMTP_SESSIONS = 4
A_PROCESS_EACH = 10
"""One mail in so many where each costs a process."""
TARGETS = {"django-helpdesk, get_email": 10, "Roundup, one mbox": 30, "Request Tracker, rt-mailgate": 80}

TEXT = """Bom dia,

a impressora do segundo andar não imprime desde ontem à tarde. Já desliguei e liguei de novo, e troquei
o cabo por um que funciona em outra máquina. No visor aparece "Atolamento de papel, bandeja 2", mas não
há papel nenhum ali dentro. O pedido é o número {number}, e a nota fiscal está com o Pedro.

Podem ver isso ainda hoje? Amanhã cedo precisamos imprimir os contratos.

Obrigada,
Maria Conceição
(11) 5555-0{number:04}
"""


def a_mail(number: int) -> bytes:
    """2 KB, as a provider's server hands it over."""
    trace = [
        f"Received: from mx{hop}.cliente{number}.test (mx{hop}.cliente{number}.test [192.0.2.{hop}])\r\n"
        f"\tby in{hop}.desk.test with ESMTPS id {number:08x}{hop}\r\n\tfor <suporte@desk.test>;"
        f" {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}"
        for hop in (3, 2, 1)
    ]
    head = [
        *trace,
        f"From: =?UTF-8?Q?Maria_Concei=C3=A7=C3=A3o?= <maria{number}@cliente{number}.test>",
        "To: suporte@desk.test",
        f"Subject: =?UTF-8?Q?A_impressora_n=C3=A3o_imprime?= (pedido {number})",
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}",
        f"Message-ID: <{number}.{time.time_ns()}@cliente{number}.test>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return "\r\n".join([*head, "", *TEXT.format(number=number).splitlines(), ""]).encode()


# --- ours ---------------------------------------------------------------------------------------------

CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "var"
[delivery]
method = "maildir"
[budget]
automatic_per_hour = 1_000_000
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte"]
"""


def ours(mails: list[bytes]) -> float:
    with tempfile.TemporaryDirectory(prefix="mailtickets-bench-") as name:
        home = Path(name)
        (home / "config.toml").write_text(CONFIG)
        command = [sys.executable, "-m", "mailtickets", "-c", str(home / "config.toml"), "run"]
        with (home / "log").open("wb") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as daemon:
            assert daemon.stdout is not None
            if not daemon.stdout.readline().startswith(b"ready"):
                raise RuntimeError((home / "log").read_text()[-2000:])
            try:
                _feed(home, [a_mail(10**6 + number) for number in range(8)], 8)  # the workers are up
                start = time.perf_counter()
                _feed(home, mails, len(mails) + 8)
                return len(mails) / (time.perf_counter() - start)
            finally:
                daemon.terminate()


def _feed(home: Path, mails: list[bytes], until: int) -> None:
    """Hands them over, and comes back when there are so many tickets with an acknowledgement."""
    asyncio.run(_lmtp(home / "var" / "intake.sock", mails))
    question = "SELECT count(*) FROM outbox WHERE name = 'received'"
    with closing(sqlite3.connect(home / "var" / "mailtickets.db")) as database:
        while database.execute(question).fetchone()[0] < until:
            time.sleep(0.01)


async def _lmtp(socket: Path, mails: list[bytes]) -> None:
    waiting = list(reversed(mails))

    async def session() -> None:
        reader, writer = await asyncio.open_unix_connection(str(socket))

        async def said(*lines: bytes, answers: int) -> None:
            writer.write(b"".join(line + b"\r\n" for line in lines))
            while answers:
                answer = await reader.readline()
                if not answer.startswith((b"2", b"3")):
                    raise RuntimeError(f"{lines[0][:40]!r}: {answer!r}")
                answers -= answer[3:4] != b"-"

        await said(answers=1)
        await said(b"LHLO bench.test", answers=1)
        while waiting:
            mail = waiting.pop()
            await said(b"MAIL FROM:<maria@cliente.test>", b"RCPT TO:<suporte@desk.test>", b"DATA", answers=3)
            await said(mail.replace(b"\r\n.", b"\r\n..") + b".", answers=1)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(session() for _ in range(LMTP_SESSIONS)))


# --- Roundup ------------------------------------------------------------------------------------------


class Roundup:
    """A classic tracker on SQLite, in a private environment."""

    def __init__(self, cache: Path) -> None:
        self.bin = environment(cache / "roundup", "roundup==2.6.0")
        self.template = cache / "roundup-tracker"
        if not self.template.exists():
            draft = cache / f"tracker-{os.getpid()}"
            self._run("roundup-admin", "-i", str(draft), "install", "classic", "sqlite")
            configure(draft / "config.ini", tracker={"web": "http://desk.test/"},
                      mail={"domain": "desk.test", "host": "localhost", "debug": "sent"})  # fmt: skip
            with (draft / "schema.py").open("a") as schema:  # as its comment there says, for trackers open to strangers
                schema.write("\ndb.security.addPermissionToRole('Anonymous', 'Email Access')\n")
            self._run("roundup-admin", "-i", str(draft), "initialise", "secret")
            draft.rename(self.template)

    def one_mbox(self, mails: list[bytes]) -> float:
        with self._tracker() as tracker:
            box = tracker.parent / "mbox"
            with closing(mailbox.mbox(box)) as written:
                for mail in mails:
                    written.add(mail)
            start = time.perf_counter()
            self._run("roundup-mailgw", str(tracker), "mailbox", str(box))
            seconds = time.perf_counter() - start
            self._check(tracker, len(mails))
            return len(mails) / seconds

    def a_process_each(self, mails: list[bytes]) -> float:
        few = mails[: max(1, len(mails) // A_PROCESS_EACH)]
        with self._tracker() as tracker:
            start = time.perf_counter()
            for mail in few:
                self._run("roundup-mailgw", str(tracker), given=mail)
            seconds = time.perf_counter() - start
            self._check(tracker, len(few))
            return len(few) / seconds

    def _tracker(self) -> "Copied":
        return Copied(self.template, "tracker")

    def _run(self, program: str, *arguments: str, given: bytes = b"") -> None:
        run([str(self.bin / program), *arguments], given)

    def _check(self, tracker: Path, wanted: int) -> None:
        expect(tracker / "db" / "db", "SELECT count(*) FROM _issue", wanted)


def configure(file: Path, **sections: dict[str, str]) -> None:
    """Sets keys of a config.ini that are there without a value, or commented out."""
    section, lines = "", []
    for line in file.read_text().splitlines():
        section = line.strip("[]") if line.startswith("[") else section
        key = line.lstrip("#").partition("=")[0].strip()
        value = sections.get(section, {}).get(key)
        lines.append(line if value is None else f"{key} = {value}")
    file.write_text("\n".join(lines))


# --- django-helpdesk ----------------------------------------------------------------------------------

SETTINGS = """
import os
SECRET_KEY = "bench"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.getcwd(), "helpdesk.db")}}
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.sites", "django.contrib.messages", "django.contrib.staticfiles",
    "django.contrib.humanize", "bootstrap4form", "rest_framework", "helpdesk"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages"]}}]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HELPDESK_TEAMS_MODE_ENABLED = False
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ROOT_URLCONF = "urls"
SITE_ID = 1
USE_TZ = True
STATIC_URL = "/static/"
MEDIA_ROOT = os.path.join(os.getcwd(), "media")
"""
URLS = """
from django.urls import include, path
urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
"""
QUEUE = """
from helpdesk.models import Queue
Queue.objects.create(title="Suporte", slug="suporte", email_address="suporte@desk.test", allow_email_submission=True,
    email_box_type="local", email_box_local_dir="mails", new_ticket_cc="ana@desk.test",
    enable_notifications_on_email_events=True)
"""


class Helpdesk:
    """A project with nothing but the desk, on SQLite, in a private environment."""

    def __init__(self, cache: Path) -> None:
        self.python = (
            environment(
                cache / "helpdesk", "django-helpdesk==2.6.1", "django-bootstrap4-form", "packaging", "setuptools<81"
            )
            / "python"
        )
        self.template = cache / "helpdesk-project"
        if not self.template.exists():
            draft = cache / f"project-{os.getpid()}"
            draft.mkdir()
            (draft / "settings.py").write_text(SETTINGS)
            (draft / "urls.py").write_text(URLS)
            self._manage(draft, "migrate", "--verbosity", "0")
            self._manage(draft, "loaddata", "emailtemplate.json", "--verbosity", "0")
            self._manage(draft, "shell", "-c", QUEUE)
            draft.rename(self.template)

    def get_email(self, mails: list[bytes]) -> float:
        with Copied(self.template, "project") as project:
            (project / "mails").mkdir()
            for number, mail in enumerate(mails):
                (project / "mails" / f"{number:06}.eml").write_bytes(mail)
            start = time.perf_counter()
            self._manage(project, "get_email")
            seconds = time.perf_counter() - start
            expect(project / "helpdesk.db", "SELECT count(*) FROM helpdesk_ticket", len(mails))
            return len(mails) / seconds

    def _manage(self, project: Path, *arguments: str) -> None:
        words = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(project)}
        run([str(self.python), "-m", "django", *arguments], cwd=project, **words)


# --- Request Tracker ----------------------------------------------------------------------------------


def rt_mailgate(mails: list[bytes]) -> float:
    few = mails[: max(1, len(mails) // A_PROCESS_EACH)]
    start = time.perf_counter()
    for mail in few:
        run(["rt-mailgate", "--queue", "General", "--action", "correspond", "--url", os.environ["RT_URL"]], mail)
    return len(few) / (time.perf_counter() - start)


# --- what they share ----------------------------------------------------------------------------------


class Copied:
    """A copy of a directory, for one run."""

    def __init__(self, template: Path, name: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="mailtickets-bench-")
        self._template, self._copy = template, Path(self._home.name) / name

    def __enter__(self) -> Path:
        return Path(shutil.copytree(self._template, self._copy))

    def __exit__(self, *_: object) -> None:
        self._home.cleanup()


def environment(home: Path, *packages: str) -> Path:
    """A virtual environment with these packages; gives its bin."""
    done = home / "complete"
    if not done.exists() or done.read_text() != " ".join(packages):
        run([sys.executable, "-m", "venv", "--clear", str(home)])
        run([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
        done.write_text(" ".join(packages))
    return home / "bin"


def run(command: list[str], given: bytes = b"", cwd: Path | None = None, **words: str) -> None:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, input=given, capture_output=True, check=False, cwd=cwd, env={**clean, **words})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {(done.stderr + done.stdout).decode(errors='replace')[-1500:]}")


def expect(database: Path, question: str, wanted: int) -> None:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(question).fetchone()[0]
    if found != wanted:
        raise RuntimeError(f"{database.name} has {found} tickets, {wanted} were wanted")


def contenders(args: Namespace) -> tuple[dict[str, Callable[[], float]], list[str]]:
    """Who takes part, and who does not and why."""
    serial = iter(range(10**9))

    def on_fresh(work: Callable[[list[bytes]], float]) -> Callable[[], float]:
        return lambda: work([a_mail(next(serial)) for _ in range(args.mails)])

    there, absent = {"mailtickets": on_fresh(ours)}, []
    for name, make in (("Roundup", Roundup), ("django-helpdesk", Helpdesk)):
        try:
            peer = make(args.cache)
        except (RuntimeError, OSError) as error:
            absent.append(f"{name} is left out: {' '.join(str(error).split())[-300:]}")
            continue
        if isinstance(peer, Roundup):
            there["Roundup, one mbox"] = on_fresh(peer.one_mbox)
            there["Roundup, a process a mail"] = on_fresh(peer.a_process_each)
        else:
            there["django-helpdesk, get_email"] = on_fresh(peer.get_email)
    if shutil.which("rt-mailgate") and os.environ.get("RT_URL"):
        there["Request Tracker, rt-mailgate"] = on_fresh(rt_mailgate)
    else:
        absent.append("Request Tracker is left out: there is no `rt-mailgate` with an `RT_URL`.")
    return there, absent


def body(found: dict[str, list[float]], absent: list[str]) -> str:
    mine = found["mailtickets"]
    rows = [
        [name, page.spread(rates, 1), page.ratio(mine, rates), f"{TARGETS[name]}x" if name in TARGETS else ""]
        for name, rates in sorted(found.items(), key=lambda item: -median(item[1]))
    ]
    return "\n\n".join([page.table(["", "tickets/s", "ours beside it", "wanted"], rows), *absent])


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--cache", type=Path, default=CACHE)
    args = parser.parse_args()
    there, absent = contenders(args)
    found = page.alternate(there, args.runs)
    page.publish("file", page.section("From a file to a ticket", body(found, absent)), write=args.write)


if __name__ == "__main__":
    main()
