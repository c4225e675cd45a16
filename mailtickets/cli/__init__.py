"""The command line: one module per noun, imported only when its noun is spoken."""


def main() -> int:
    return 0
