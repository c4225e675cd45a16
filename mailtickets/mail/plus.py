"""Plus-addresses: what stands behind the `+` of `suporte+token@desk.test`, and the address without it."""


def without_plus(address: str) -> str:
    """suporte+token@desk.test -> suporte@desk.test"""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def plus_tag(address: str) -> str:
    """suporte+token@desk.test -> token; empty when there is none."""
    return address.rpartition("@")[0].partition("+")[2]
