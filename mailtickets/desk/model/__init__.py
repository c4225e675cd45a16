"""The words of the desk as frozen values; decisions stand on them."""
