"""How fast mail is read, beside the standard library and bare mail-parser, in one run.

    python bench/parse.py [--seconds 1.0] [--megabytes 25]

Rates are messages and megabytes a second of one process; memory is the peak while one large message
is read by a fresh process, without its modules, as a multiple of the message.
"""

import argparse
import email
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import mailparser

from mailtickets.mail.read.parse import parse

HISTORY = "\n".join(f"> Linha {number} do que foi dito antes, com alguma acentuação." for number in range(40))


def message(text: str, html: str = "", attachment: bytes = b"") -> bytes:
    built = EmailMessage(policy=SMTP)
    built["From"] = "Maria Conceição <maria@cliente.test>"
    built["To"] = "suporte@desk.test"
    built["Subject"] = "Re: [#1042] Situação do pedido"
    built["Date"] = "Mon, 3 Mar 2025 10:12:11 -0300"
    built["Message-ID"] = "<bench@cliente.test>"
    for number in range(5):
        built["Received"] = f"from a{number}.test by b{number}.test with ESMTPS; Mon, 3 Mar 2025 10:12:1{number} -0300"
    built.set_content(text)
    if html:
        built.add_alternative(html, subtype="html")
    if attachment:
        built.add_attachment(attachment, maintype="application", subtype="zip", filename="a.zip")
    return bytes(built)


def kinds() -> dict[str, bytes]:
    reply = f"Bom dia, ainda não chegou.\n\nEm 03/03/2025 10:12, Suporte escreveu:\n{HISTORY}\n"
    page = "<p>Bom dia, ainda não chegou.</p>" + "<div>Uma linha de histórico</div>" * 300
    return {
        "plain, 2 KB": message("Bom dia, ainda não chegou.\n" * 60),
        "reply, 4 KB": message(reply),
        "alternative, 15 KB": message(reply, page),
        "attachment, 1 MB": message(reply, attachment=bytes(range(256)) * 2_900),
    }


READERS: dict[str, Callable[[bytes], object]] = {
    "stdlib": email.message_from_bytes,
    "mail-parser": mailparser.parse_from_bytes,
    "mailtickets": parse,
}


def rate(read: Callable[[bytes], object], raw: bytes, seconds: float) -> float:
    """Messages a second."""
    read(raw)
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        read(raw)
        count += 1
    return count / spent


def peak(reader: str, megabytes: int) -> float:
    """The peak of a fresh process while it reads one message, its modules left out, as a multiple of the message."""
    with tempfile.NamedTemporaryFile() as file:
        head = b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        line = b"QUJD" * 19 + b"\r\n"
        file.write(head + b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
        file.write(line * (megabytes * 2**20 // len(line)) + b"--b--\r\n")
        file.flush()
        command = [sys.executable, __file__, "--peak", reader, "--file", file.name]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_peak(reader: str, file: str) -> None:
    READERS[reader](message("x"))
    before = high_water()
    raw = Path(file).read_bytes()
    kept = READERS[reader](raw)
    print((high_water() - before) / len(raw), kept and "")


def high_water() -> int:
    """The most memory this program has held, in bytes; unlike getrusage, without what its parent held."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--megabytes", type=int, default=25)
    parser.add_argument("--peak", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        print_peak(args.peak, args.file)
        return
    for kind, raw in kinds().items():
        rates = {name: rate(read, raw, args.seconds) for name, read in READERS.items()}
        shown = "  ".join(f"{name} {each:8.0f}/s {each * len(raw) / 1e6:7.1f} MB/s" for name, each in rates.items())
        print(f"{kind:20} {shown}  {rates['mail-parser'] / rates['mailtickets']:.2f} x mail-parser's time")
    for name in READERS:
        print(f"memory at {args.megabytes} MB, {name:12} {peak(name, args.megabytes):5.2f} x the message")


if __name__ == "__main__":
    main()
